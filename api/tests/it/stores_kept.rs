//! Deleted stores that are kept for a while (`URUMI_DELETE_GRACE`), and wanted back.

use serde_json::{Value, json};
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::failure::FailureCode;
use shared::ids::Generation;
use shared::operation::OperationKind;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::worker::failed;
use crate::harness::{Answer, TestApi, Worker};

async fn with_a_ready_store(name: &str, grace: &str) -> (TestApi, Worker, String) {
    let settings = [
        ("URUMI_DELETE_GRACE", grace),
        ("URUMI_TENANT_MAX_OPERATIONS", "1"),
    ];
    let api = TestApi::ready_with(name, &settings).await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    made(&api, &mut worker, &id).await;
    (api, worker, id)
}

/// The command of it, taken and done.
async fn made(api: &TestApi, worker: &mut Worker, id: &str) -> Envelope<Command> {
    let command = worker.command().await;
    assert_eq!(command.store_id.as_str(), id);
    worker.make(&command).await;
    api.store_with(id, "Ready").await;
    command
}

fn moment(value: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(value.as_str().unwrap(), &Rfc3339).unwrap()
}

fn hours_until(answer: &Answer) -> i64 {
    (moment(&answer.json["not_before"]) - moment(&answer.json["created_at"])).whole_hours()
}

#[actix_web::test]
async fn a_deleted_store_waits_untouched_and_a_cancel_brings_it_back() {
    let (api, mut worker, id) = with_a_ready_store("kept_undone", "72h").await;

    let deleted = api.delete(&format!("/stores/{id}")).await;
    assert_eq!((deleted.status, hours_until(&deleted)), (202, 72));
    let until = &deleted.json["not_before"];
    assert_eq!(&deleted.json["waiting"]["until"], until);
    let again = api.delete(&format!("/stores/{id}")).await;
    assert_eq!(
        (again.status, &again.json["id"]),
        (202, &deleted.json["id"])
    );
    let store = api.store_with(&id, "Deleting").await;
    assert_eq!(&store["operation"]["not_before"], until);

    // Workers are told of another store meanwhile, for which the tenant's one place is
    // free, and of this one only what was wanted of it before.
    let other = api.a_store().await;
    made(&api, &mut worker, &other).await;
    let kept = api.post(&format!("/stores/{id}/cancel"), json!({})).await;
    assert_eq!(
        (kept.status, &kept.json["status"]),
        (202, &json!("Updating")),
        "{}",
        kept.text
    );
    let update = made(&api, &mut worker, &id).await;
    assert_eq!(
        (update.body.kind, update.generation),
        (OperationKind::Update, Generation(3))
    );
    assert!(matches!(update.body.goal, Goal::Present { .. }));
    let path = format!("/operations/{}", deleted.json["id"].as_str().unwrap());
    assert_eq!(api.get(&path).await.json["status"], "Cancelled");
    let audit = api.audit_of(&id).await;
    let undone = |line: &String| line.starts_with("store.delete.undone");
    assert_eq!(
        audit.iter().filter(|line| undone(line)).count(),
        1,
        "{audit:?}"
    );
}

#[actix_web::test]
async fn what_waits_is_removed_now_for_whoever_says_so_and_cannot_be_undone_then() {
    let (api, mut worker, id) = with_a_ready_store("kept_hastened", "3d").await;
    let deleted = api.delete(&format!("/stores/{id}")).await;
    assert_eq!(hours_until(&deleted), 72);

    let hastened = api.delete(&format!("/stores/{id}?now=true")).await;
    assert_eq!(
        (hastened.status, &hastened.json["not_before"]),
        (202, &Value::Null)
    );
    assert_eq!(hastened.json["id"], deleted.json["id"]);
    let command = worker.command().await;
    assert_eq!(command.body.goal, Goal::Absent);
    let late = api.post(&format!("/stores/{id}/cancel"), json!({})).await;
    assert_eq!(
        (late.status, &late.json["code"]),
        (409, &json!("not_cancellable"))
    );
}

#[actix_web::test]
async fn it_is_removed_when_its_time_has_come() {
    let (api, mut worker, id) = with_a_ready_store("kept_in_time", "1s").await;
    let deleted = api.delete(&format!("/stores/{id}")).await;
    let command = worker.command().await;
    assert_eq!(command.body.goal, Goal::Absent);
    assert!(OffsetDateTime::now_utc() >= moment(&deleted.json["not_before"]));
    assert!(command.body.not_after > moment(&deleted.json["not_before"]));
}

#[actix_web::test]
async fn a_store_that_was_never_ready_is_removed_at_once() {
    let api = TestApi::ready_with("kept_never_ready", &[("URUMI_DELETE_GRACE", "72h")]).await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    worker.command().await;
    let deleted = api.delete(&format!("/stores/{id}")).await;
    assert_eq!(
        (deleted.status, &deleted.json["not_before"]),
        (202, &Value::Null)
    );
    assert_eq!(worker.command().await.body.goal, Goal::Absent);
}

#[actix_web::test]
async fn a_store_whose_removal_failed_is_removed_at_once_and_cannot_be_wanted_back() {
    let (api, mut worker, id) = with_a_ready_store("kept_delete_failed", "72h").await;
    let path = format!("/stores/{id}");
    assert_eq!(api.delete(&format!("{path}?now=true")).await.status, 202);
    let delete = worker.command().await;
    let broken = failed(FailureCode::NamespaceConflict, true);
    worker.say(&delete, broken).await;
    api.store_with(&id, "DeleteFailed").await;

    let again = api.delete(&path).await;
    assert_eq!(
        (again.status, &again.json["not_before"]),
        (202, &Value::Null)
    );
    assert_eq!(worker.command().await.body.goal, Goal::Absent);
    let late = api.post(&format!("{path}/cancel"), json!({})).await;
    assert_eq!(
        (late.status, &late.json["code"]),
        (409, &json!("not_cancellable"))
    );
}
