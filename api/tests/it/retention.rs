//! What is too old is forgotten, however much of it there is.

use sqlx::{AssertSqlSafe, Executor as _};

use crate::harness::{TestApi, eventually};

/// More than one batch of each.
const MANY: i64 = 4_500;

const OLD: [(&str, &str); 3] = [
    (
        "inbox",
        "(event_id, received_at)
            SELECT gen_random_uuid(), now() - interval '15 days'",
    ),
    (
        "idempotency_keys",
        "(tenant_id, principal, key, request_hash, created_at)
            SELECT (SELECT id FROM tenants LIMIT 1), 'local', n::text, '', now() - interval '25 hours'",
    ),
    (
        "stream_events",
        "(position, at, type, tenant_id, store_id, status, health, facts)
            SELECT n, now() - interval '8 days', 'store.changed', gen_random_uuid(), 'store-bcdfgh', 'Ready', 'Unknown', '{}'",
    ),
];

#[actix_web::test]
async fn more_than_a_batch_is_forgotten_and_what_is_young_stays() {
    let mut api = TestApi::ready("retention").await;
    api.halt();
    let mut sql = api.servers.sql().await;
    let fill = |table: &str, rows: &str, count: i64| {
        AssertSqlSafe(format!(
            "INSERT INTO {table} {rows} FROM generate_series(1, {count}) AS n"
        ))
    };
    for (table, rows) in OLD {
        sql.execute(fill(table, rows, MANY)).await.unwrap();
    }
    let young = "(event_id) SELECT gen_random_uuid()";
    sql.execute(fill("inbox", young, 3)).await.unwrap();
    api.run();
    for (table, left) in [("inbox", 3), ("idempotency_keys", 0), ("stream_events", 0)] {
        eventually(table, async || {
            let mut sql = api.servers.sql().await;
            let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let count: i64 = sqlx::query_scalar(count).fetch_one(&mut sql).await.unwrap();
            (count == left).then_some(())
        })
        .await;
    }
    let horizon = "SELECT position FROM stream_horizon";
    let horizon: i64 = sqlx::query_scalar(horizon)
        .fetch_one(&mut sql)
        .await
        .unwrap();
    assert_eq!(horizon, MANY);
}
