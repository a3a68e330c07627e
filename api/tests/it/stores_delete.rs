//! `DELETE /stores/{id}`.

use shared::contract::command::Goal;
use shared::contract::control::StopReason;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::ids::Generation;
use shared::step::Step;

use crate::harness::worker::failed;
use crate::harness::{TestApi, Worker, eventually};

#[actix_web::test]
async fn a_ready_store_is_deleted_once_however_often_it_is_asked_for() {
    let api = TestApi::ready("delete_twice").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let create = worker.command().await;
    worker.make(&create).await;
    api.store_with(&id, "Ready").await;

    let first = api.delete(&format!("/stores/{id}")).await;
    let second = api.delete(&format!("/stores/{id}")).await;
    assert_eq!((first.status, second.status), (202, 202));
    assert_eq!(first.json["id"], second.json["id"]);
    assert_eq!(first.json["kind"], "Delete");
    assert_eq!(
        first.header("location"),
        format!("/operations/{}", first.json["id"].as_str().unwrap())
    );

    let command = worker.command().await;
    assert_eq!(
        (
            command.body.goal.clone(),
            command.generation,
            command.body.ever_ready
        ),
        (Goal::Absent, Generation(2), true)
    );
    worker
        .say(
            &command,
            EventBody::StepStarted {
                step: Step::Purge,
                run: 0,
            },
        )
        .await;
    worker.say(&command, EventBody::Deleted).await;
    let store = api.store_with(&id, "Deleted").await;
    assert!(store["deleted_at"].is_string());

    let third = api.delete(&format!("/stores/{id}")).await;
    assert_eq!((third.status, third.text.as_str()), (204, ""));
    assert_eq!(
        api.get("/stores").await.json["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(
        api.get("/stores?include_deleted=true").await.json["items"][0]["id"],
        id
    );
    let audit = api.audit_of(&id).await;
    assert_eq!(
        audit
            .iter()
            .filter(|line| line.starts_with("store.delete.requested"))
            .count(),
        1
    );
    assert_eq!(audit.last().unwrap(), "store.deleted succeeded");
}

#[actix_web::test]
async fn a_delete_takes_the_place_of_a_create_under_the_next_generation() {
    let api = TestApi::ready("delete_supersedes").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let create = worker.command().await;
    worker
        .say(
            &create,
            EventBody::StepStarted {
                step: Step::Release,
                run: 0,
            },
        )
        .await;
    api.store_with(&id, "Provisioning").await;

    api.delete(&format!("/stores/{id}")).await;

    let store = api.store_with(&id, "Deleting").await;
    assert_eq!(store["generation"], 2);
    let old = api
        .get(&format!("/operations/{}", create.operation_id))
        .await
        .json;
    assert_eq!(old["status"], "Superseded");
    let control = worker.control().await;
    assert_eq!(
        (control.generation, control.body.reason),
        (Generation(2), StopReason::Superseded)
    );
    let delete = worker.command().await;

    // What the create still says changes nothing any more.
    worker
        .say(
            &create,
            EventBody::Stopped {
                newer: Generation(2),
            },
        )
        .await;
    worker.make(&create).await;
    worker.say(&delete, EventBody::Deleted).await;
    let store = api.store_with(&id, "Deleted").await;
    assert_eq!(store["ready_at"], serde_json::Value::Null);
    let audit = api.audit_of(&id).await;
    assert!(
        audit.contains(&"operation.superseded accepted".to_owned()),
        "{audit:?}"
    );
    assert!(
        audit.contains(&"operation.late_report Ready".to_owned()),
        "{audit:?}"
    );
}

#[actix_web::test]
async fn a_failed_delete_is_delete_failed_and_can_be_asked_for_again() {
    let api = TestApi::ready("delete_failed").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    worker.command().await;
    api.delete(&format!("/stores/{id}")).await;
    let delete = worker.command().await;

    worker
        .say(&delete, failed(FailureCode::NamespaceConflict, false))
        .await;
    let store = api.store_with(&id, "DeleteFailed").await;
    assert_eq!(store["failure"]["code"], "NamespaceConflict");

    let again = api.delete(&format!("/stores/{id}")).await;
    assert_eq!(
        (again.status, again.json["generation"].as_i64()),
        (202, Some(3))
    );
    let store = api.store_with(&id, "Deleting").await;
    assert_eq!(store["failure"], serde_json::Value::Null);
    assert_eq!(worker.command().await.generation, Generation(3));
}

#[actix_web::test]
async fn deletes_at_once_are_one_operation() {
    let api = TestApi::ready("delete_parallel").await;
    let id = api.a_store().await;

    let path = format!("/stores/{id}");
    let answers = futures_util::future::join_all((0..20).map(|_| api.delete(&path))).await;

    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [202; 20]);
    assert!(
        answers
            .iter()
            .all(|answer| answer.json["id"] == answers[0].json["id"])
    );
    eventually("one delete is asked for", async || {
        let audit = api.audit_of(&id).await;
        (audit
            .iter()
            .filter(|line| line.starts_with("store.delete.requested"))
            .count()
            == 1)
            .then_some(())
    })
    .await;
}
