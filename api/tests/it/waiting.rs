//! What an operation waits for while no worker is at it, and a body that never comes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::step::Step;
use sqlx::AssertSqlSafe;

use crate::harness::worker::failed;
use crate::harness::{TestApi, Worker, eventually};

/// The store's `operation.waiting`, once it says that.
async fn says(api: &TestApi, id: &str, words: &str) -> Value {
    eventually(&format!("it waits: {words}"), async || {
        let store = api.get(&format!("/stores/{id}")).await.json;
        let waiting = store["operation"]["waiting"].clone();
        let message = waiting["message"].as_str()?;
        message.contains(words).then_some(waiting)
    })
    .await
}

#[actix_web::test]
async fn a_sent_command_waits_for_a_free_worker_until_one_begins() {
    let api = TestApi::ready("waiting_worker").await;
    let id = api.a_store().await;
    let waiting = says(&api, &id, "free worker").await;
    assert!(waiting["until"].is_null(), "{waiting}");

    let mut worker = Worker::of(&api).await;
    let command = worker.command().await;
    let step = Step::Namespace;
    worker
        .say(&command, EventBody::StepStarted { step, run: 0 })
        .await;
    let store = api.store_with(&id, "Provisioning").await;
    assert!(store["operation"]["waiting"].is_null(), "{store}");
}

#[actix_web::test]
async fn a_command_that_no_broker_takes_says_so() {
    let nowhere = [("AMQP_URL", "amqp://guest:guest@127.0.0.1:1/none")];
    let api = TestApi::with("waiting_broker", &nowhere).await;
    eventually("the database is there", async || {
        (api.get("/readyz").await.status == 200).then_some(())
    })
    .await;
    let id = api.a_store().await;
    says(&api, &id, "RabbitMQ does not answer").await;
    let page = api.get("/stores").await.json;
    let listed = page["items"][0]["operation"]["waiting"]["message"].as_str();
    assert!(listed.unwrap().contains("RabbitMQ"), "{page}");
}

#[actix_web::test]
async fn a_command_beyond_the_window_waits_for_its_turn() {
    let api = TestApi::ready_with("waiting_turn", &[("URUMI_COMMANDS_IN_FLIGHT", "1")]).await;
    let first = api.a_store().await;
    says(&api, &first, "free worker").await;
    let second = api.a_store().await;
    says(&api, &second, "its turn comes after them").await;
}

#[actix_web::test]
async fn between_two_attempts_it_says_until_when() {
    let slow = [
        ("URUMI_RETRY_BASE_MS", "60000"),
        ("URUMI_RETRY_MAX_MS", "60000"),
    ];
    let api = TestApi::ready_with("waiting_pause", &slow).await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;
    let step = Step::Rollout;
    worker
        .say(&command, EventBody::StepStarted { step, run: 0 })
        .await;
    worker
        .say(&command, failed(FailureCode::CrashLoop, true))
        .await;
    let waiting = says(&api, &id, "tried again").await;
    assert!(waiting["until"].is_string(), "{waiting}");
}

#[actix_web::test]
async fn a_body_that_never_comes_is_a_408_and_ends_the_connection() {
    let api = TestApi::ready_with("body_timeout", &[("URUMI_BODY_TIMEOUT_MS", "300")]).await;
    let address = api.address.clone();
    let asked = std::thread::spawn(move || {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(15)))
            .unwrap();
        let head = format!(
            "POST /stores HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        // To its end: the server closes.
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = eventually("the connection ends", async || {
        asked.is_finished().then_some(())
    })
    .await;
    let () = answer;
    let answer = asked.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"code\":\"body_timeout\""), "{answer}");
    assert_eq!(api.get("/stores").await.json["items"], json!([]));
}

#[actix_web::test]
async fn two_stores_never_share_a_host_however_it_is_spelt() {
    let api = TestApi::ready_with("hosts", &[("URUMI_STORE_DOMAIN", "BÜCHER.example.")]).await;
    let first = api.post("/stores", json!({})).await.json;
    let second = api.post("/stores", json!({})).await.json;
    let host = first["host"].as_str().unwrap();
    let id = first["id"].as_str().unwrap();
    assert_eq!(host, format!("{id}.xn--bcher-kva.example"));

    let mut sql = api.servers.sql().await;
    let mut give = async |host: &str| {
        let other = second["id"].as_str().unwrap();
        let sql_text = format!("UPDATE stores SET host = '{host}' WHERE id = '{other}'");
        let done = sqlx::query(AssertSqlSafe(sql_text)).execute(&mut sql).await;
        let error = done.err()?;
        let constraint = error.as_database_error()?.constraint()?.to_owned();
        Some(constraint)
    };
    assert_eq!(give(host).await.as_deref(), Some("stores_host_live_key"));
    for spelling in [
        host.to_uppercase(),
        format!("{host}."),
        format!("{id}.bücher.example"),
        format!(".{host}"),
    ] {
        assert_eq!(
            give(&spelling).await.as_deref(),
            Some("stores_host_check"),
            "{spelling}"
        );
    }
    // Whoever is gone holds no host.
    let gone = format!("UPDATE stores SET status = 'Deleted' WHERE id = '{id}'");
    let mut other = api.servers.sql().await;
    sqlx::query(AssertSqlSafe(gone))
        .execute(&mut other)
        .await
        .unwrap();
    assert_eq!(give(host).await, None);
}
