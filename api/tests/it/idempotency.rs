//! `Idempotency-Key`.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use shared::contract::event::EventBody;
use sqlx::{Executor as _, PgConnection};

use crate::harness::{Answer, TestApi, Worker, eventually};

async fn ask(api: &TestApi, key: &str, body: Value) -> Answer {
    let request = api
        .request(Method::POST, "/stores")
        .header("Idempotency-Key", key)
        .json(&body);
    Answer::of(request.send().await.unwrap()).await
}

/// Until it is no longer said that the first request is still being answered.
async fn answered(api: &TestApi, key: &str, body: Value) -> Answer {
    eventually("the key's request is answered", async || {
        let answer = ask(api, key, body.clone()).await;
        let running = answer.json["code"] == "idempotency_key_running";
        (!running).then_some(answer)
    })
    .await
}

#[actix_web::test]
async fn fifty_requests_with_one_key_at_once_make_one_store_and_get_the_same_bytes() {
    let api = TestApi::ready("idempotency_parallel").await;

    let one = || answered(&api, "key-1", json!({"name": "One"}));
    let answers = join_all((0..50).map(|_| one())).await;

    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [202; 50]);
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    for name in ["location", "content-type"] {
        assert!(!answers[0].header(name).is_empty(), "{name}");
        let same = |answer: &Answer| answer.header(name) == answers[0].header(name);
        assert!(answers.iter().all(same), "{name}");
    }
    let fresh = answers
        .iter()
        .filter(|answer| answer.header("idempotency-replayed").is_empty());
    assert_eq!(fresh.count(), 1);
    let stores = api.get("/stores").await.json;
    assert_eq!(stores["items"].as_array().unwrap().len(), 1);
}

/// Another request has the key, as long as the connection is in its transaction.
async fn occupy(sql: &mut PgConnection, key: &str) {
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 7236002))";
    let name = format!("00000000-0000-7000-8000-000000000001 local {key}");
    sql.execute("BEGIN").await.unwrap();
    sqlx::query(lock).bind(name).execute(sql).await.unwrap();
}

#[actix_web::test]
async fn while_the_first_request_is_answered_the_key_is_refused_at_once() {
    let api = TestApi::ready("idempotency_running").await;
    let mut sql = api.servers.sql().await;
    occupy(&mut sql, "key-1").await;

    let refused = ask(&api, "key-1", json!({})).await;
    assert_eq!(
        (refused.status, refused.json["code"].as_str()),
        (409, Some("idempotency_key_running"))
    );
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(ask(&api, "key-2", json!({})).await.status, 202);

    sql.execute("COMMIT").await.unwrap();
    assert_eq!(ask(&api, "key-1", json!({})).await.status, 202);
}

#[actix_web::test]
async fn after_a_day_a_key_is_free_though_nobody_has_forgotten_it_yet() {
    let api = TestApi::ready("idempotency_expiry").await;
    let first = ask(&api, "key-1", json!({"name": "One"})).await;
    let older = async |by: &str| {
        let age = "UPDATE idempotency_keys SET created_at = now() - $1::interval";
        let mut sql = api.servers.sql().await;
        sqlx::query(age).bind(by).execute(&mut sql).await.unwrap();
    };

    older("23 hours 59 minutes").await;
    let again = ask(&api, "key-1", json!({"name": "One"})).await;
    assert_eq!(again.text, first.text);

    older("24 hours 1 minute").await;
    let other = ask(&api, "key-1", json!({"name": "Two"})).await;
    assert_eq!(
        (other.status, other.json["name"].as_str()),
        (202, Some("Two"))
    );
    let again = ask(&api, "key-1", json!({"name": "Two"})).await;
    assert_eq!(again.text, other.text);
}

#[actix_web::test]
async fn keys_belong_to_whoever_used_them() {
    let api = TestApi::ready("idempotency_principal").await;
    let first = ask(&api, "key-1", json!({"name": "One"})).await;
    let mut sql = api.servers.sql().await;
    let theirs = "UPDATE idempotency_keys SET principal = 'somebody else'";
    sql.execute(theirs).await.unwrap();

    let mine = ask(&api, "key-1", json!({"name": "Two"})).await;
    assert_eq!(mine.status, 202);
    assert_ne!(mine.json["id"], first.json["id"]);
}

#[actix_web::test]
async fn a_delete_with_a_key_gets_its_first_answer_again_though_the_store_is_gone() {
    let api = TestApi::ready("idempotency_delete").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let delete = async || {
        let request = api.request(Method::DELETE, &format!("/stores/{id}"));
        let request = request.header("Idempotency-Key", "gone-1");
        Answer::of(request.send().await.unwrap()).await
    };

    let first = delete().await;
    let command = worker.command().await;
    worker.say(&command, EventBody::Deleted).await;
    api.store_with(&id, "Deleted").await;

    let again = delete().await;
    assert_eq!((again.status, &again.text), (202, &first.text));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(api.delete(&format!("/stores/{id}")).await.status, 204);
}

#[actix_web::test]
async fn the_first_answer_is_given_again_though_the_store_went_on() {
    let mut api = TestApi::ready("idempotency_replay").await;
    let first = ask(&api, "key-1", json!({})).await;
    let id = first.json["id"].as_str().unwrap();
    api.delete(&format!("/stores/{id}")).await;
    api.halt();
    api.run();
    api.until_ready().await;

    let again = ask(&api, "key-1", json!({"name": "My Store"})).await;

    assert_eq!(
        (again.status, again.text.as_str()),
        (202, first.text.as_str())
    );
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
}

#[actix_web::test]
async fn a_key_with_another_wish_is_refused_and_other_keys_are_other_stores() {
    let api = TestApi::ready("idempotency_reused").await;
    ask(&api, "key-1", json!({"name": "One"})).await;

    let other = ask(&api, "key-1", json!({"name": "Two"})).await;
    assert_eq!(
        (other.status, other.json["code"].as_str()),
        (422, Some("idempotency_key_reused"))
    );

    let audit = api.get("/stores/audit/logs").await.json;
    assert_eq!(audit["items"][1]["action"], "store.create.refused");
    assert_eq!(
        audit["items"][1]["request_id"],
        other.header("x-request-id")
    );

    assert_eq!(ask(&api, "key-2", json!({"name": "One"})).await.status, 202);
    assert_eq!(
        api.get("/stores").await.json["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
