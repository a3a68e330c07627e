//! A long backlog: what claims, marks and the watchdog read of it, whatever Postgres takes
//! the outbox for.

use std::time::Duration;

use api::plans::{CLAIM, MARK, RELAY, SILENT};
use serde_json::Value;
use shared::wait::pause;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};
use tokio_util::sync::CancellationToken;

use crate::harness::TestApi;

/// Commands that are due, of operations that have ended.
const BACKLOG: &str = "
WITH made AS (
    INSERT INTO operations (id, store_id, tenant_id, kind, status, generation, attempt, max_attempts, budget_ms, actor,
        request_id, created_at, not_after, finished_at)
    SELECT gen_random_uuid(), store_id, tenant_id, kind, 'Succeeded', generation, 1, max_attempts, budget_ms, actor,
        gen_random_uuid(), now(), not_after, now()
    FROM (SELECT * FROM operations LIMIT 1) AS one, generate_series(1, {ROWS}) RETURNING id
)
INSERT INTO outbox (kind, store_id, tenant_id, operation_id, message_id, attempt, routing_key, payload)
SELECT 'command', store_id, tenant_id, made.id, gen_random_uuid(), 1, routing_key, payload
FROM made, (SELECT * FROM outbox LIMIT 1) AS one";

async fn add_backlog(sql: &mut PgConnection, rows: u32) {
    let backlog = BACKLOG.replace("{ROWS}", &rows.to_string());
    sql.execute(AssertSqlSafe(backlog)).await.unwrap();
}

/// Buffers that a claim reads; nothing stays claimed.
async fn read_by_a_claim(sql: &mut PgConnection, in_flight: i64, mode: &str) -> f64 {
    let claim = format!("(bigint, bigint, double precision) AS {CLAIM}");
    buffers(sql, &claim, &format!("{in_flight}, 32, 5"), mode).await
}

/// Buffers that a statement reads, with these values; nothing stays changed.
async fn buffers(sql: &mut PgConnection, statement: &str, values: &str, mode: &str) -> f64 {
    let plan = plan_of(sql, statement, values, mode).await;
    let number = |name: &str| plan[name].as_f64().unwrap();
    number("Shared Hit Blocks") + number("Shared Read Blocks")
}

/// What the relay tells Postgres' planner.
async fn as_the_relay(sql: &mut PgConnection) {
    for (name, value) in RELAY {
        let set = format!("SET {name} = {value}");
        sql.execute(AssertSqlSafe(set)).await.unwrap();
    }
}

async fn plan_of(sql: &mut PgConnection, statement: &str, values: &str, mode: &str) -> Value {
    for part in [
        "BEGIN".to_owned(),
        format!("SET LOCAL plan_cache_mode = {mode}"),
        format!("PREPARE it {statement}"),
    ] {
        sql.execute(AssertSqlSafe(part)).await.unwrap();
    }
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE it({values})");
    let row = sql.fetch_one(AssertSqlSafe(explain)).await.unwrap();
    sql.execute("ROLLBACK; DEALLOCATE it").await.unwrap();
    row.get::<Value, _>(0)[0]["Plan"].clone()
}

/// Rows that a plan took out of that index.
fn taken_from(index: &str, plan: &Value) -> f64 {
    let below = plan["Plans"].as_array().into_iter().flatten();
    let below: f64 = below.map(|part| taken_from(index, part)).sum();
    let rows = || plan["Actual Rows"].as_f64().unwrap() * plan["Actual Loops"].as_f64().unwrap();
    below
        + if plan["Index Name"] == index {
            rows()
        } else {
            0.0
        }
}

#[actix_web::test]
async fn a_claim_reads_as_little_of_a_long_backlog_as_of_a_short_one() {
    let api = TestApi::ready_with("relay_backlog", &[("URUMI_COMMANDS_IN_FLIGHT", "0")]).await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    as_the_relay(&mut sql).await;
    let mut read = Vec::new();
    for rows in [2_000, 40_000] {
        add_backlog(&mut sql, rows).await;
        read.push(read_by_a_claim(&mut sql, 1_000, "force_generic_plan").await);
    }
    println!("{read:?} buffers");
    assert!(read[1] < read[0] * 1.5 + 50.0, "{read:?}");

    let full = read_by_a_claim(&mut sql, 0, "force_generic_plan").await;
    assert!(full < 20.0, "{full} buffers, and there was no place");
}

#[actix_web::test]
async fn a_relay_that_began_with_an_empty_outbox_reads_no_backlog_as_a_whole() {
    let api = TestApi::ready_with("relay_plan", &[("URUMI_COMMANDS_IN_FLIGHT", "100000")]).await;
    let mut sql = api.servers.sql().await;
    sql.execute("SET enable_seqscan = off").await.unwrap();
    // Often enough for Postgres to keep a plan, which it makes anew after a VACUUM.
    for round in 0..2 {
        for _ in 0..8 {
            api.a_store().await;
            sent(&mut sql).await;
        }
        if round == 0 {
            sql.execute("VACUUM ANALYZE outbox").await.unwrap();
        }
    }
    let before = read(&mut sql, "seq_tup_read").await;
    add_backlog(&mut sql, 6_000).await;
    sent(&mut sql).await;
    let rows = read(&mut sql, "seq_tup_read").await - before;
    assert!(rows < 30_000, "{rows} rows were read to send 6,000");
}

/// Until no command waits.
async fn sent(sql: &mut PgConnection) {
    let never = CancellationToken::new();
    for _ in 0..300 {
        let left = "SELECT count(*) FROM outbox WHERE kind = 'command' AND dispatched_at IS NULL";
        if sql.fetch_one(left).await.unwrap().get::<i64, _>(0) == 0 {
            return;
        }
        pause(Duration::from_millis(100), &never).await;
    }
    panic!("not all was sent");
}

/// What Postgres counted of the outbox.
async fn read(sql: &mut PgConnection, what: &str) -> i64 {
    // Who has read tells it within a second of its end.
    pause(Duration::from_millis(1500), &CancellationToken::new()).await;
    let counted = format!("SELECT {what} FROM pg_stat_user_tables WHERE relname = 'outbox'");
    let row = sql.fetch_one(AssertSqlSafe(counted)).await.unwrap();
    row.get::<i64, _>(0)
}

/// An outbox with the rows of a backlog in it, of which all but one are gone again: Postgres
/// expects no more in as many pages as before. Nothing but the test tidies it up.
async fn counted_empty(database: &str, tidied_up: bool) -> (TestApi, PgConnection) {
    let api = TestApi::ready_with(database, &[("URUMI_COMMANDS_IN_FLIGHT", "0")]).await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    as_the_relay(&mut sql).await;
    for table in ["operations", "outbox"] {
        let alone = format!("ALTER TABLE {table} SET (autovacuum_enabled = off)");
        sql.execute(AssertSqlSafe(alone)).await.unwrap();
    }
    add_backlog(&mut sql, 6_000).await;
    let empty = "DELETE FROM outbox WHERE id < (SELECT max(id) FROM outbox)";
    sql.execute(empty).await.unwrap();
    let count = if tidied_up {
        "VACUUM ANALYZE"
    } else {
        "ANALYZE"
    };
    let count = format!("{count} outbox");
    sql.execute(AssertSqlSafe(count)).await.unwrap();
    (api, sql)
}

#[actix_web::test]
async fn a_backlog_that_comes_when_the_outbox_was_counted_empty_is_not_compared_row_by_row() {
    let (_api, mut sql) = counted_empty("relay_counted", true).await;
    add_backlog(&mut sql, 6_000).await;
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let buffers = read_by_a_claim(&mut sql, 1_000, mode).await;
        println!("{buffers} buffers, {mode}");
        assert!(buffers < 2_000.0, "{buffers} buffers, {mode}");
    }
    // Nor is what was confirmed looked for among all that waits.
    let few = "
SELECT format('%L, %L', array_agg(id), array_agg(message_id))
FROM (SELECT * FROM outbox ORDER BY id DESC LIMIT 32) AS few";
    let values: String = sql.fetch_one(few).await.unwrap().get(0);
    let mark = format!("(bigint[], uuid[]) AS {MARK}");
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let buffers = buffers(&mut sql, &mark, &values, mode).await;
        println!("{buffers} buffers to mark 32, {mode}");
        assert!(buffers < 800.0, "{buffers} buffers to mark 32, {mode}");
    }
    // Nor does the watchdog look at what was sent within its time.
    let sent = "UPDATE outbox SET dispatched_at = now()";
    sql.execute(sent).await.unwrap();
    sql.execute("RESET enable_sort").await.unwrap();
    let silent = format!("(double precision) AS {SILENT}");
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let buffers = buffers(&mut sql, &silent, "30", mode).await;
        println!("{buffers} buffers to find nothing silent, {mode}");
        assert!(buffers < 100.0, "{buffers} buffers, {mode}");
    }
}

/// Where rows that are gone are not tidied up yet, no index saves Postgres the look at the
/// rows, and the one that gives the order of turns seems no better than any other.
#[actix_web::test]
async fn what_is_gone_from_the_outbox_does_not_make_a_claim_sort_all_that_waits() {
    let (_api, mut sql) = counted_empty("relay_untidy", false).await;
    // What is first to find them gone says so in the index.
    for _ in 0..2 {
        read_by_a_claim(&mut sql, 1_000, "force_custom_plan").await;
    }
    add_backlog(&mut sql, 6_000).await;
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let buffers = read_by_a_claim(&mut sql, 1_000, mode).await;
        println!("{buffers} buffers, {mode}");
        assert!(buffers < 5_000.0, "{buffers} buffers, {mode}");
    }
}

/// A window wider than what is taken at once: not one too many, whether it is counted
/// through or there are so few rows that it need not be.
#[actix_web::test]
async fn a_wide_window_is_filled_and_not_more() {
    let api = TestApi::ready_with("relay_wide", &[("URUMI_COMMANDS_IN_FLIGHT", "600")]).await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    add_backlog(&mut sql, 900).await;
    let on_its_way = "SELECT count(*) FROM outbox WHERE dispatched_at IS NOT NULL";
    let (mut found, never) = (0, CancellationToken::new());
    // It is full long before; one too many would come by then.
    for _ in 0..40 {
        pause(Duration::from_millis(100), &never).await;
        let row = sql.fetch_one(on_its_way).await.unwrap();
        found = row.get::<i64, _>(0);
        assert!(found <= 600, "{found} are on their way");
    }
    assert_eq!(found, 600);
}

/// Nothing is settled in a wide window, and each claim asks anew how much of it is free.
#[actix_web::test]
async fn a_claim_does_not_count_what_was_sent_where_it_cannot_be_too_much() {
    let api = TestApi::ready_with("relay_count", &[("URUMI_COMMANDS_IN_FLIGHT", "0")]).await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    add_backlog(&mut sql, 300).await;
    let sent = "UPDATE outbox SET dispatched_at = now(); SET enable_bitmapscan = off";
    sql.execute(sent).await.unwrap();
    as_the_relay(&mut sql).await;
    add_backlog(&mut sql, 100).await;
    let claim = format!("(bigint, bigint, double precision) AS {CLAIM}");
    for (window, counted) in [("100000", 0.0), ("320", 301.0)] {
        let values = format!("{window}, 32, 5");
        let plan = plan_of(&mut sql, &claim, &values, "force_custom_plan").await;
        assert_eq!(taken_from("outbox_in_flight_idx", &plan), counted, "{plan}");
    }
}
