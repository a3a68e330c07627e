//! Idempotency while the api is killed, again and again: acceptance in whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::{Value, json};
use sqlx::Row as _;

use crate::harness::eventually;
use crate::harness::program::Program;

const KEYS: usize = 20;
const REQUESTS: usize = 1000;
const AT_ONCE: usize = 50;
const KILLS: usize = 6;

#[actix_web::test]
async fn a_thousand_requests_over_twenty_keys_make_twenty_stores_though_the_api_is_killed() {
    let program = Program::running("idempotency_kills").await;
    let (program, client) = (&program, &reqwest::Client::new());
    let answered = &AtomicUsize::new(0);
    let again = &AtomicUsize::new(0);
    let one = async |request: usize| {
        let (key, name) = (request % KEYS, format!("Shop {}", request % KEYS));
        let told = eventually("an answer", async || {
            let asked = client
                .post(program.url("/stores"))
                .header("Idempotency-Key", format!("key-{key}"))
                .json(&json!({ "name": name }))
                .send();
            // No answer, half an answer, not yet: all are asked again.
            let Ok(answer) = asked.await else {
                again.fetch_add(1, Ordering::Relaxed);
                return None;
            };
            let (status, location) = (answer.status(), answer.headers().get("location").cloned());
            let body = answer.bytes().await.ok()?;
            match status.as_u16() {
                202 => Some((location.unwrap(), body)),
                409 | 503 => None,
                other => panic!("{other}: {}", String::from_utf8_lossy(&body)),
            }
        })
        .await;
        let count = answered.fetch_add(1, Ordering::Relaxed) + 1;
        let between = REQUESTS / (KILLS + 1);
        if count.is_multiple_of(between) && count / between <= KILLS {
            program.kill();
            program.start();
        }
        (key, told)
    };
    let answers: Vec<_> = stream::iter(0..REQUESTS)
        .map(one)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    let mut by_key: BTreeMap<usize, BTreeSet<_>> = BTreeMap::new();
    for (key, (location, body)) in answers {
        let location = location.to_str().unwrap().to_owned();
        by_key.entry(key).or_default().insert((location, body));
    }
    assert_eq!(by_key.len(), KEYS);
    for (key, told) in &by_key {
        assert_eq!(told.len(), 1, "key {key} got different answers: {told:?}");
        let (_, body) = told.first().unwrap();
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(body["name"], format!("Shop {key}"));
    }
    let mut sql = program.servers.sql().await;
    for (table, expected) in [("stores", 20_i64), ("operations", 20), ("audit_events", 20)] {
        let count = format!("SELECT count(*) FROM {table}");
        let row = sqlx::query(sqlx::AssertSqlSafe(count));
        let rows: i64 = row.fetch_one(&mut sql).await.unwrap().get(0);
        assert_eq!(rows, expected, "{table}");
    }
    let refused = client
        .post(program.url("/stores"))
        .header("Idempotency-Key", "key-1")
        .json(&json!({ "name": "another" }))
        .send();
    assert_eq!(refused.await.unwrap().status().as_u16(), 422);
    println!(
        "{REQUESTS} requests over {KEYS} keys, {AT_ONCE} at a time, {KILLS} kills: {} connections lost, 20 stores",
        again.load(Ordering::Relaxed)
    );
}
