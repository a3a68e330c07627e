//! The audit: pages, chain, immutability.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, Executor as _};

use crate::harness::{TestApi, Worker, eventually};

#[actix_web::test]
async fn the_audit_is_oldest_first_in_pages_and_by_store() {
    let api = TestApi::ready("audit_pages").await;
    let stores = [
        api.a_store().await,
        api.a_store().await,
        api.a_store().await,
    ];

    let first = api.get("/stores/audit/logs?limit=2").await.json;
    assert_eq!(
        (
            first["items"][0]["seq"].as_i64(),
            first["items"][1]["seq"].as_i64()
        ),
        (Some(1), Some(2))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = api
        .get(&format!("/stores/audit/logs?limit=2&cursor={cursor}"))
        .await
        .json;
    assert_eq!(second["items"][0]["store_id"], stores[2]);
    assert_eq!(second["next_cursor"], Value::Null);
    let one = api
        .get(&format!("/stores/audit/logs?store_id={}", stores[1]))
        .await
        .json;
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    let event = &one["items"][0];
    assert_eq!(
        (
            event["actor"].as_str(),
            event["action"].as_str(),
            event["outcome"].as_str()
        ),
        (
            Some("local"),
            Some("store.create.requested"),
            Some("accepted")
        )
    );
    assert!(event["request_id"].is_string());
}

#[actix_web::test]
async fn requests_at_once_leave_one_gapless_chain() {
    let api = TestApi::ready("audit_chain").await;
    join_all((0..40).map(|_| api.a_store())).await;

    let items = api.get("/stores/audit/logs?limit=200").await.json["items"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(items.len(), 40);
    let mut prev = "0".repeat(64);
    for (place, item) in items.iter().enumerate() {
        assert_eq!(item["seq"].as_u64(), Some(place as u64 + 1));
        assert_eq!(item["prev_hash"], prev);
        assert_eq!(item["hash"], hash(&prev, item));
        prev = item["hash"].as_str().unwrap().to_owned();
    }
    let waiting = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM audit_pending");
    assert_eq!(
        waiting
            .fetch_one(&mut api.servers.sql().await)
            .await
            .unwrap(),
        0
    );
}

/// The release before locks the chain's head in its transaction, and the stream at the
/// commit. Who waits for the head may therefore hold no lock of the stream.
#[actix_web::test]
async fn a_program_of_the_release_before_does_not_lock_in_another_order() {
    let api = TestApi::ready("audit_order").await;
    let store = api.a_store().await;
    let mut sql = api.servers.sql().await;
    let mut before = sql.begin().await.unwrap();
    before
        .execute("SELECT seq FROM audit_head FOR UPDATE")
        .await
        .unwrap();

    let asked = api.a_store();
    let told = async {
        let waits = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND query = 'COMMIT' AND wait_event_type = 'Lock'";
        eventually("the other waits for the head", async || {
            let mut sql = api.servers.sql().await;
            let waiting: i64 = sqlx::query_scalar(waits).fetch_one(&mut sql).await.unwrap();
            (waiting > 0).then_some(())
        })
        .await;
        let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
            AND (classid::bigint << 32 | objid::bigint) = hashtextextended('urumi.stream', 0)";
        let held = sqlx::query_scalar::<_, i64>(held);
        assert_eq!(held.fetch_one(&mut *before).await.unwrap(), 0);
        let change = sqlx::query("UPDATE stores SET name = 'Other' WHERE id = $1").bind(&store);
        change.execute(&mut *before).await.unwrap();
        before.commit().await.unwrap();
    };
    join(asked, told).await;
}

/// What anybody can compute from the answer alone (docs/API.md says how).
fn hash(prev: &str, item: &Value) -> String {
    let mut link = item.clone();
    let fields = link.as_object_mut().unwrap();
    fields.remove("hash");
    fields.remove("prev_hash");
    let prev: Vec<u8> = (0..32)
        .map(|n| u8::from_str_radix(&prev[2 * n..2 * n + 2], 16).unwrap())
        .collect();
    let mut digest = Sha256::new();
    digest.update(prev);
    digest.update(canonical(&link));
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// No white space, keys sorted.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            let parts: Vec<_> = sorted
                .iter()
                .map(|(key, value)| format!("{}:{}", json!(key), canonical(value)))
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(canonical).collect::<Vec<_>>().join(",")
        ),
        other => other.to_string(),
    }
}

#[actix_web::test]
async fn what_the_platform_did_names_the_request_that_began_it_and_both_ends() {
    let api = TestApi::ready("audit_ends").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;

    let path = format!("/stores/audit/logs?store_id={id}");
    let items = api.get(&path).await.json["items"].clone();
    let items = items.as_array().unwrap();
    let request = items[0]["request_id"].as_str().unwrap();
    assert!(items.iter().all(|item| item["request_id"] == request));
    let ends = |action: &str| {
        let item = items.iter().find(|item| item["action"] == action).unwrap();
        let details = &item["details"];
        let status = |end: &str| details[end]["status"].as_str().map(str::to_owned);
        (status("before"), status("after"))
    };
    let both = |before: &str, after: &str| (Some(before.to_owned()), Some(after.to_owned()));
    assert_eq!(
        ends("store.create.requested"),
        (None, Some("Queued".to_owned()))
    );
    assert_eq!(ends("operation.succeeded").1.as_deref(), Some("Succeeded"));
    assert_eq!(ends("store.ready"), both("Provisioning", "Ready"));
}

#[actix_web::test]
async fn audit_rows_cannot_be_changed_deleted_or_truncated() {
    let api = TestApi::ready("audit_immutable").await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    // With the rights that its owner has given up, too.
    sql.execute("GRANT ALL ON audit_events TO CURRENT_USER")
        .await
        .unwrap();
    for statement in [
        "UPDATE audit_events SET actor = 'somebody'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
    ] {
        let refused = sql.execute(statement).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{statement}: {refused}");
    }
}
