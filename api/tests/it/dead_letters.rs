//! `GET /dead-letters`, `POST /dead-letters/{id}/replay`, and a store's operations.

use serde_json::{Value, json};
use shared::amqp::topology::COMMANDS;
use shared::contract::event::event_for;
use shared::step::Step;
use time::OffsetDateTime;

use crate::harness::worker::ready;
use crate::harness::{TestApi, Worker, eventually};

async fn letters(api: &TestApi, count: usize) -> Vec<Value> {
    eventually("dead letters are there", async || {
        let items = api.get("/dead-letters").await.json["items"].clone();
        let items = items.as_array().unwrap().clone();
        (items.len() == count).then_some(items)
    })
    .await
}

#[actix_web::test]
async fn an_event_that_came_before_its_time_is_replayed_once() {
    let api = TestApi::ready("dead_event").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;
    let event = event_for(&command, OffsetDateTime::now_utc(), ready());
    let mut sql = api.servers.sql().await;
    let mut strange = event.clone();
    strange.operation_id = shared::ids::OperationId::new();
    worker.send(strange.encode().unwrap()).await;
    worker.send(b"{\"admin_email\": \"a@b.co\"}".to_vec()).await;
    let items = letters(&api, 2).await;

    assert_eq!(items[0]["excerpt"], r#"{"admin_email":"(hidden)"}"#);
    assert!(
        items[1]["reason"]
            .as_str()
            .unwrap()
            .contains("no operation"),
        "{}",
        items[1]
    );
    let replay = format!("/dead-letters/{}/replay", items[1]["id"].as_str().unwrap());
    let refused = api.post(&replay, json!({})).await;
    assert_eq!(
        (refused.status, &refused.json["code"]),
        (409, &json!("still_unusable"))
    );
    assert_eq!(
        letters(&api, 2).await[1]["replayed_at"],
        Value::Null,
        "it is kept as it is"
    );

    // What was unknown becomes known.
    sqlx::query("UPDATE parked_messages SET payload = $1 WHERE id = $2::uuid")
        .bind(event.encode().unwrap())
        .bind(items[1]["id"].as_str().unwrap())
        .execute(&mut sql)
        .await
        .unwrap();
    let replayed = api.post(&replay, json!({})).await;
    assert_eq!(replayed.status, 200, "{}", replayed.text);
    assert!(
        replayed.json["replayed_at"].is_string(),
        "{}",
        replayed.text
    );
    api.store_with(&id, "Ready").await;
    let twice = api.post(&replay, json!({})).await;
    assert_eq!(
        (twice.status, &twice.json["code"]),
        (409, &json!("already_replayed"))
    );
    let audit = api.get("/stores/audit/logs?limit=200").await.text;
    assert!(audit.contains("dead_letter.replayed") && audit.contains("dead_letter.replay.refused"));
}

#[actix_web::test]
async fn a_dead_command_is_said_again_while_its_operation_is_open() {
    let api = TestApi::ready("dead_command").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;
    let park =
        "INSERT INTO parked_messages (id, queue, reason, payload) VALUES ($1::uuid, $2, 'x', $3)";
    let mut sql = api.servers.sql().await;
    for (letter, payload) in [
        (
            "01900000-0000-7000-8000-000000000001",
            command.encode().unwrap(),
        ),
        (
            "01900000-0000-7000-8000-000000000002",
            b"no command".to_vec(),
        ),
    ] {
        let query = sqlx::query(park)
            .bind(letter)
            .bind(COMMANDS.dead)
            .bind(payload);
        query.execute(&mut sql).await.unwrap();
    }

    let replay = "/dead-letters/01900000-0000-7000-8000-000000000001/replay";
    assert_eq!(api.post(replay, json!({})).await.status, 200);
    let again = worker.command().await;
    assert_eq!(
        (again.operation_id, &again.body),
        (command.operation_id, &command.body)
    );
    let broken = api
        .post(
            "/dead-letters/01900000-0000-7000-8000-000000000002/replay",
            json!({}),
        )
        .await;
    assert_eq!(
        (broken.status, &broken.json["code"]),
        (409, &json!("still_unusable"))
    );
    assert_eq!(broken.json["request_id"], broken.header("x-request-id"));
    worker.make(&again).await;
    api.store_with(&id, "Ready").await;
}

#[actix_web::test]
async fn a_stores_operations_are_listed_newest_first_in_pages() {
    let api = TestApi::ready("operations_list").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    for replicas in [2, 3] {
        api.patch(&format!("/stores/{id}"), json!({"replicas": replicas}))
            .await;
        let command = worker.command().await;
        worker.make(&command).await;
        api.store_with(&id, "Ready").await;
    }
    let first = api
        .get(&format!("/stores/{id}/operations?limit=2"))
        .await
        .json;
    let asked = |page: &Value| -> Vec<Value> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["wanted"]["replicas"].clone())
            .collect()
    };
    assert_eq!(asked(&first), [json!(3), json!(2)]);
    assert_eq!(
        first["items"][0]["steps"][0]["step"],
        Step::Namespace.as_str()
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = api
        .get(&format!("/stores/{id}/operations?limit=2&cursor={cursor}"))
        .await
        .json;
    assert_eq!(
        (asked(&second), &second["next_cursor"]),
        (vec![Value::Null], &Value::Null)
    );
    assert_eq!(api.get("/stores/store-bcdfgh/operations").await.status, 404);
}
