//! `Idempotency-Key`.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, TestApi};

async fn ask(api: &TestApi, key: &str, body: Value) -> Answer {
    let request = api
        .request(Method::POST, "/stores")
        .header("Idempotency-Key", key)
        .json(&body);
    Answer::of(request.send().await.unwrap()).await
}

#[actix_web::test]
async fn fifty_requests_with_one_key_at_once_make_one_store_and_get_the_same_bytes() {
    let api = TestApi::ready("idempotency_parallel").await;

    let answers = join_all((0..50).map(|_| ask(&api, "key-1", json!({"name": "One"})))).await;

    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [202; 50]);
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    assert!(
        answers
            .iter()
            .all(|answer| answer.header("location") == answers[0].header("location"))
    );
    let fresh = answers
        .iter()
        .filter(|answer| answer.header("idempotency-replayed").is_empty());
    assert_eq!(fresh.count(), 1);
    assert_eq!(
        api.get("/stores").await.json["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
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
