//! `POST /stores/{id}/cancel` and `POST /stores/{id}/retry`.

use serde_json::{Value, json};
use shared::contract::command::Goal;
use shared::contract::control::StopReason;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::ids::Generation;
use shared::operation::OperationKind;
use shared::step::Step;

use crate::harness::worker::failed;
use crate::harness::{TestApi, Worker};

fn started(step: Step) -> EventBody {
    EventBody::StepStarted { step, run: 0 }
}

#[actix_web::test]
async fn a_cancelled_create_is_failed_whoever_works_on_it_is_told_and_a_retry_makes_it() {
    let api = TestApi::ready("cancel_create").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let create = worker.command().await;
    worker.say(&create, started(Step::Release)).await;
    api.store_with(&id, "Provisioning").await;

    let answer = api.post(&format!("/stores/{id}/cancel"), json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let store = &answer.json;
    assert_eq!(
        (
            &store["status"],
            &store["failure"]["code"],
            &store["generation"]
        ),
        (&json!("Failed"), &json!("Cancelled"), &json!(2))
    );
    assert_eq!(store["operation"]["status"], "Cancelled");
    assert_eq!(
        answer.header("location"),
        format!("/operations/{}", create.operation_id)
    );
    let control = worker.control().await;
    assert_eq!(
        (
            control.operation_id,
            control.generation,
            control.body.reason
        ),
        (create.operation_id, Generation(2), StopReason::Cancelled)
    );
    // Nothing of it was ever ready, so nothing of it stays in the cluster.
    assert!(control.body.clear);
    let twice = api.post(&format!("/stores/{id}/cancel"), json!({})).await;
    assert_eq!(
        (twice.status, &twice.json["code"]),
        (409, &json!("nothing_to_cancel"))
    );

    // What is still said about it changes nothing any more.
    let newer = Generation(2);
    worker.say(&create, EventBody::Stopped { newer }).await;
    worker.make(&create).await;
    let answer = api.post(&format!("/stores/{id}/retry"), json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(
        (
            &answer.json["status"],
            &answer.json["failure"],
            &answer.json["generation"]
        ),
        (&json!("Queued"), &Value::Null, &json!(3))
    );
    let again = worker.command().await;
    assert_eq!(
        (again.body.kind, &again.body.goal),
        (OperationKind::Create, &create.body.goal)
    );
    worker.make(&again).await;
    api.store_with(&id, "Ready").await;
    let audit = api.audit_of(&id).await;
    for line in [
        "store.cancel.requested accepted",
        "operation.cancelled accepted",
        "store.failed Cancelled",
        "store.cancel.refused refused",
        "store.retry.requested accepted",
    ] {
        assert!(audit.contains(&line.to_owned()), "{line}: {audit:?}");
    }
}

#[actix_web::test]
async fn a_create_that_no_worker_began_is_cancelled_the_same_way() {
    let api = TestApi::ready_with("cancel_queued", &[("URUMI_COMMANDS_IN_FLIGHT", "0")]).await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;

    let answer = api.post(&format!("/stores/{id}/cancel"), json!({})).await;
    assert_eq!(
        (answer.status, &answer.json["status"]),
        (202, &json!("Failed"))
    );
    assert_eq!(worker.control().await.generation, Generation(2));
    let mut sql = api.servers.sql().await;
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE kind = 'command'")
        .fetch_one(&mut sql)
        .await
        .unwrap();
    assert_eq!(waiting, 0, "its command is unsaid");
}

#[actix_web::test]
async fn a_cancelled_update_goes_back_to_what_it_was_by_a_rollback() {
    let api = TestApi::ready("cancel_update").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    api.patch(&format!("/stores/{id}"), json!({"plan": "large"}))
        .await;
    let update = worker.command().await;
    worker.say(&update, started(Step::Release)).await;

    let answer = api.post(&format!("/stores/{id}/cancel"), json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let store = &answer.json;
    assert_eq!(
        (
            &store["status"],
            &store["operation"]["kind"],
            &store["plan"]
        ),
        (&json!("Updating"), &json!("Rollback"), &json!("small"))
    );
    let old = api
        .get(&format!("/operations/{}", update.operation_id))
        .await
        .json;
    assert_eq!(
        (&old["status"], &old["failure"]["code"]),
        (&json!("Cancelled"), &json!("Cancelled"))
    );
    let control = worker.control().await;
    let rollback = worker.command().await;
    assert_eq!(
        (control.generation, rollback.generation),
        (Generation(3), Generation(3))
    );
    let Goal::Present { spec } = rollback.body.goal.clone() else {
        panic!("a delete")
    };
    assert_eq!(
        (
            rollback.body.kind,
            spec.plan.as_str(),
            spec.chart.as_deref()
        ),
        (OperationKind::Rollback, "small", Some("0.1.0"))
    );
    let back = api.post(&format!("/stores/{id}/cancel"), json!({})).await;
    assert_eq!(
        (back.status, &back.json["code"]),
        (409, &json!("not_cancellable"))
    );

    worker
        .say(
            &update,
            EventBody::Stopped {
                newer: Generation(3),
            },
        )
        .await;
    worker.make(&rollback).await;
    let store = api.store_with(&id, "Ready").await;
    assert_eq!(
        (&store["plan"], &store["safe"]["plan"]),
        (&json!("small"), &json!("small"))
    );
    let audit = api.audit_of(&id).await;
    assert!(
        audit.contains(&"store.rollback.requested accepted".to_owned()),
        "{audit:?}"
    );
}

#[actix_web::test]
async fn a_delete_cannot_be_cancelled_and_a_failed_one_is_retried() {
    let api = TestApi::ready("cancel_delete").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    worker.command().await;
    api.delete(&format!("/stores/{id}")).await;
    let delete = worker.command().await;
    let refused = api.post(&format!("/stores/{id}/cancel"), json!({})).await;
    assert_eq!(
        (refused.status, &refused.json["code"]),
        (409, &json!("not_cancellable"))
    );

    worker
        .say(&delete, failed(FailureCode::NamespaceConflict, false))
        .await;
    api.store_with(&id, "DeleteFailed").await;
    let answer = api.post(&format!("/stores/{id}/retry"), json!({})).await;
    assert_eq!(
        (answer.status, &answer.json["status"]),
        (202, &json!("Deleting"))
    );
    let again = worker.command().await;
    assert_eq!(
        (again.body.goal, again.generation),
        (Goal::Absent, Generation(3))
    );
}

#[actix_web::test]
async fn a_failed_update_is_retried_as_it_was_and_nothing_else_is() {
    let api = TestApi::ready("retry_update").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let retry = format!("/stores/{id}/retry");
    let nothing = api.post(&retry, json!({})).await;
    assert_eq!(
        (nothing.status, &nothing.json["code"]),
        (409, &json!("nothing_to_retry"))
    );

    api.patch(&format!("/stores/{id}"), json!({"image": "7.1"}))
        .await;
    let update = worker.command().await;
    let open = api.post(&retry, json!({})).await;
    assert_eq!(
        (open.status, &open.json["code"]),
        (409, &json!("operation_open"))
    );
    worker
        .say(&update, failed(FailureCode::ImageInvalid, true))
        .await;
    api.store_with(&id, "Ready").await;

    let answer = api.post(&retry, json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.json["wanted"]["image"], "7.1");
    let again = worker.command().await;
    assert_eq!(
        (again.body.kind, &again.body.goal, again.generation),
        (OperationKind::Update, &update.body.goal, Generation(3))
    );
    worker.make(&again).await;
    let store = api.store_with(&id, "Ready").await;
    assert_eq!(store["safe"]["image"], "7.1");
    let body = api.post(&retry, json!({"force": true})).await;
    assert_eq!(body.status, 422, "{}", body.text);
}
