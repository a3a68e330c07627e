//! Deletion protection on the roads that do not begin with `DELETE`. The purge of
//! the reconciliation report is in reconciliation.rs; tenants are never removed, and
//! nothing expires or removes many stores at once.

use std::time::Duration;

use serde_json::{Value, json};
use shared::failure::FailureCode;

use crate::harness::worker::failed;
use crate::harness::{TestApi, Worker};

const PROTECTED: &str = "deletion_protected";

async fn protect(api: &TestApi, id: &str, on: bool) {
    let wanted = json!({ "deletion_protection": on });
    let answer = api.patch(&format!("/stores/{id}"), wanted).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[actix_web::test]
async fn a_failed_delete_of_a_store_that_is_protected_by_now_is_not_retried() {
    let api = TestApi::ready("protected_retry").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    api.delete(&format!("/stores/{id}")).await;
    let delete = worker.command().await;
    let conflict = failed(FailureCode::NamespaceConflict, false);
    worker.say(&delete, conflict).await;
    api.store_with(&id, "DeleteFailed").await;
    protect(&api, &id, true).await;

    let retry = format!("/stores/{id}/retry");
    let again = api.post(&retry, json!({})).await;
    assert_eq!(
        (again.status, &again.json["code"]),
        (409, &json!(PROTECTED))
    );
    let again = api.delete(&format!("/stores/{id}")).await;
    assert_eq!(
        (again.status, &again.json["code"]),
        (409, &json!(PROTECTED))
    );
    worker.no_command(Duration::from_millis(300)).await;

    protect(&api, &id, false).await;
    assert_eq!(api.post(&retry, json!({})).await.status, 202);
}

/// A cancel removes no store: the record stays, protected as before. What is cleared
/// away was never ready and holds nobody's data.
#[actix_web::test]
async fn a_cancelled_create_leaves_a_protected_store_on_record() {
    let api = TestApi::ready("protected_cancel").await;
    let mut worker = Worker::of(&api).await;
    let wanted = json!({ "name": "Kept", "deletion_protection": true });
    let made = api.post("/stores", wanted).await;
    let id = made.json["id"].as_str().unwrap().to_owned();
    worker.command().await;

    let answer = api.post(&format!("/stores/{id}/cancel"), json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.json["status"], "Failed");
    assert_eq!(answer.json["deletion_protection"], true);
    assert_eq!(answer.json["deleted_at"], Value::Null);
    let answer = api.delete(&format!("/stores/{id}")).await;
    assert_eq!(
        (answer.status, &answer.json["code"]),
        (409, &json!(PROTECTED))
    );
}
