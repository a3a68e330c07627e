//! Labels and deletion protection, rollback, suspend and resume.

use serde_json::{Value, json};
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::operation::OperationKind;
use shared::store_spec::StoreSpec;

use crate::harness::worker::{failed, ready};
use crate::harness::{Answer, TestApi, Worker};

fn spec(command: &Envelope<Command>) -> StoreSpec {
    match command.body.goal.clone() {
        Goal::Present { spec } => spec,
        Goal::Absent => panic!("a delete"),
    }
}

fn refused(answer: &Answer, status: u16, code: &str) {
    let found = (answer.status, answer.json["code"].as_str());
    assert_eq!(found, (status, Some(code)), "{}", answer.text);
}

/// A Ready of that chart.
fn served(revision: i64, chart: &str) -> EventBody {
    EventBody::Ready {
        revision,
        chart: chart.to_owned(),
        images: [("wordpress".to_owned(), "wordpress:7.1".to_owned())].into(),
    }
}

#[actix_web::test]
async fn labels_and_protection_are_given_changed_and_audited_without_an_operation() {
    let api = TestApi::ready("life_marks").await;
    let body =
        json!({"name": "A", "labels": {"team": "north", "tier": "1"}, "deletion_protection": true});
    let made = api.post("/stores", body).await;
    assert_eq!(made.status, 202, "{}", made.text);
    assert_eq!(made.json["labels"], json!({"team": "north", "tier": "1"}));
    assert_eq!(made.json["deletion_protection"], true);
    let path = format!("/stores/{}", made.json["id"].as_str().unwrap());

    // While it is being made: nothing that a worker has to know.
    let change = json!({"labels": {"team": "south", "tier": null, "new": ""}});
    let answer = api.patch(&path, change).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let labels = json!({"team": "south", "new": ""});
    assert_eq!(answer.json["labels"], labels);
    assert_eq!(answer.json["generation"], 1);
    assert_eq!(api.get(&path).await.json["labels"], labels);

    let audit = api.get("/stores/audit/logs").await.json;
    let last = audit["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["action"], "store.update.requested");
    assert_eq!(last["details"]["before"]["labels"]["team"], "north");
    assert_eq!(last["details"]["after"]["labels"], labels);

    for wrong in [
        json!({"labels": {"Team": "x"}}),
        json!({"labels": {"a": 1}}),
        json!({"labels": null}),
        json!({"deletion_protection": "yes"}),
    ] {
        refused(&api.patch(&path, wrong).await, 422, "invalid_body");
    }
    let many: serde_json::Map<String, Value> =
        (0..19).map(|n| (format!("k{n}"), json!("x"))).collect();
    let answer = api.patch(&path, json!({ "labels": many })).await;
    refused(&answer, 409, "too_many_labels");
    assert_eq!(api.get(&path).await.json["labels"], labels);
}

#[actix_web::test]
async fn a_protected_store_is_not_deleted_until_that_is_lifted() {
    let api = TestApi::ready("life_protected").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");
    let protect = async |on: bool| api.patch(&path, json!({"deletion_protection": on})).await;
    assert_eq!(protect(true).await.status, 200);

    let answer = api.delete(&path).await;
    refused(&answer, 409, "deletion_protected");
    let detail = answer.json["detail"].as_str().unwrap();
    assert!(
        detail.contains("\"deletion_protection\": false"),
        "{detail}"
    );
    assert_eq!(api.get(&path).await.json["status"], "Ready");
    let told = "store.delete.refused refused".to_owned();
    assert!(api.audit_of(&id).await.contains(&told));

    assert_eq!(protect(false).await.status, 200);
    assert_eq!(api.delete(&path).await.status, 202);
}

#[actix_web::test]
async fn a_rollback_returns_to_the_versions_before_and_keeps_all_else() {
    let api = TestApi::ready("life_rollback").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");
    let rollback = format!("{path}/rollback");
    refused(
        &api.post(&rollback, json!({})).await,
        409,
        "nothing_to_roll_back",
    );
    let images = json!({"mysql": "mysql:8.4", "wordpress": "wordpress:7.1"});
    assert_eq!(api.get(&path).await.json["images"], images);

    let change = json!({"chart": "0.2.0", "image": "7.2", "name": "New"});
    assert_eq!(api.patch(&path, change).await.status, 202);
    refused(&api.post(&rollback, json!({})).await, 409, "operation_open");
    let update = worker.command().await;
    worker.say(&update, served(2, "store-0.2.0")).await;
    let store = api.store_with(&id, "Ready").await;
    assert_eq!(store["previous"], json!({"chart": "0.1.0", "image": null}));
    assert_eq!(store["chart"], "store-0.2.0");

    // A change of something else keeps what a rollback returns to.
    assert_eq!(api.patch(&path, json!({"plan": "large"})).await.status, 202);
    let update = worker.command().await;
    worker.say(&update, served(3, "store-0.2.0")).await;
    api.store_with(&id, "Ready").await;

    let answer = api.post(&rollback, json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.json["operation"]["kind"], "Rollback");
    let command = worker.command().await;
    let wanted = spec(&command);
    assert_eq!(command.body.kind, OperationKind::Rollback);
    assert_eq!(
        (wanted.chart.as_deref(), wanted.image, wanted.name.as_str()),
        (Some("0.1.0"), None, "New")
    );
    assert_eq!(wanted.plan.as_str(), "large");
    worker.say(&command, served(4, "store-0.1.0")).await;
    let store = api.store_with(&id, "Ready").await;
    assert_eq!(store["chart"], "store-0.1.0");
    assert_eq!(store["previous"], json!({"chart": "0.2.0", "image": "7.2"}));
}

#[actix_web::test]
async fn a_suspended_store_stays_so_until_it_is_resumed() {
    let api = TestApi::ready("life_suspend").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");
    let ask = async |what: &str| api.post(&format!("{path}/{what}"), json!({})).await;
    assert_eq!(ask("resume").await.status, 200, "it runs already");

    let answer = ask("suspend").await;
    assert_eq!(
        (answer.status, &answer.json["status"]),
        (202, &json!("Updating"))
    );
    assert_eq!(answer.json["operation"]["kind"], "Suspend");
    let command = worker.command().await;
    assert!(spec(&command).suspended);
    worker.say(&command, ready()).await;
    let store = api.store_with(&id, "Suspended").await;
    assert!(store["failure"].is_null());
    assert_eq!(store["health"]["status"], "Unknown");

    assert_eq!(ask("suspend").await.status, 200, "it rests already");
    refused(
        &api.patch(&path, json!({"plan": "large"})).await,
        409,
        "wrong_status",
    );
    refused(&ask("upgrade").await, 409, "wrong_status");
    assert_eq!(
        api.patch(&path, json!({"labels": {"a": "b"}})).await.status,
        200
    );

    let answer = ask("resume").await;
    assert_eq!(answer.status, 202);
    let command = worker.command().await;
    assert_eq!(command.body.kind, OperationKind::Resume);
    assert!(!spec(&command).suspended);
    worker.say(&command, ready()).await;
    api.store_with(&id, "Ready").await;
    let audit = api.audit_of(&id).await;
    for told in ["store.suspended succeeded", "store.resumed succeeded"] {
        assert!(audit.contains(&told.to_owned()), "{told}: {audit:?}");
    }
}

#[actix_web::test]
async fn a_rest_that_a_worker_of_0_1_0_says_it_gave_is_tried_again() {
    let api = TestApi::ready("life_suspend_before").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    api.post(&format!("/stores/{id}/suspend"), json!({})).await;
    let command = worker.command().await;

    // It reads no `suspended`, and names no images.
    let of_before = EventBody::Ready {
        revision: 1,
        chart: "store-0.1.0".to_owned(),
        images: Default::default(),
    };
    worker.say(&command, of_before).await;

    let again = worker.command().await;
    assert_eq!(
        (again.operation_id, again.attempt),
        (command.operation_id, 2)
    );
    assert!(spec(&again).suspended);
    let path = format!("/stores/{id}");
    assert_eq!(api.get(&path).await.json["status"], "Updating");
    worker.say(&again, ready()).await;
    api.store_with(&id, "Suspended").await;
}

#[actix_web::test]
async fn what_cannot_be_suspended_or_resumed_is_as_it_was() {
    let api = TestApi::ready("life_suspend_fails").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");
    let ask = async |what: &str| api.post(&format!("{path}/{what}"), json!({})).await;

    ask("suspend").await;
    let command = worker.command().await;
    worker
        .say(&command, failed(FailureCode::HostConflict, true))
        .await;
    let store = api.store_with(&id, "Ready").await;
    assert_eq!(store["operation"]["status"], "Failed");

    assert_eq!(ask("retry").await.status, 202);
    let command = worker.command().await;
    assert_eq!(command.body.kind, OperationKind::Suspend);
    worker.say(&command, ready()).await;
    api.store_with(&id, "Suspended").await;

    ask("resume").await;
    let command = worker.command().await;
    worker
        .say(&command, failed(FailureCode::HostConflict, true))
        .await;
    let store = api.store_with(&id, "Suspended").await;
    assert_eq!(store["operation"]["status"], "Failed");

    ask("resume").await;
    worker.command().await;
    let cancelled = ask("cancel").await;
    assert_eq!(
        (cancelled.status, &cancelled.json["operation"]["kind"]),
        (202, &json!("Rollback"))
    );
    let command = worker.command().await;
    assert!(spec(&command).suspended, "it goes back to its rest");
    worker.say(&command, ready()).await;
    api.store_with(&id, "Suspended").await;
    assert_eq!(api.delete(&path).await.status, 202);
}
