//! The outbox's relay: nothing is lost while the broker is away, nothing is
//! marked that was not taken, and the window holds.

use std::collections::BTreeSet;
use std::time::Duration;

use api::plans::{CLAIM, MARK, SILENT};
use serde_json::Value;
use shared::amqp::topology::COMMANDS;
use shared::contract::event::EventBody;
use shared::step::Step;
use shared::wait::pause;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};
use tokio_util::sync::CancellationToken;

use crate::harness::servers::Servers;
use crate::harness::{Proxy, TestApi, Worker, eventually};

#[actix_web::test]
async fn with_the_broker_away_a_store_is_accepted_and_its_command_comes_when_it_is_back() {
    let amqp_url = Servers::prepare("relay_away_url").await;
    let proxy = Proxy::cut_off(&amqp_url.amqp_url, 5672).await;
    let api = TestApi::with(
        "relay_away",
        &[("AMQP_URL", &proxy.url(&amqp_url.amqp_url))],
    )
    .await;
    eventually("the api is ready but degraded", async || {
        let answer = api.get("/readyz").await;
        (answer.status == 200 && answer.json["degraded"] == true).then_some(())
    })
    .await;

    let id = api.a_store().await;
    assert_eq!(
        api.get(&format!("/stores/{id}")).await.json["status"],
        "Queued"
    );

    proxy.mend().await;
    api.until_ready().await;
    let mut worker = Worker::at(&amqp_url.amqp_url).await;
    let command = worker.command().await;
    assert_eq!(command.store_id.as_str(), id);
    worker.make(&command).await;
    api.store_with(&id, "Ready").await;

    // And once more, in the middle of its life.
    proxy.cut().await;
    let other = api.a_store().await;
    proxy.mend().await;
    assert_eq!(worker.command().await.store_id.as_str(), other);
}

#[actix_web::test]
async fn a_queue_that_is_gone_is_made_again_and_the_command_kept() {
    let api = TestApi::ready("relay_unbound").await;
    api.servers.delete_queue(COMMANDS.name).await;

    let id = api.a_store().await;

    let mut worker = Worker::of(&api).await;
    assert_eq!(worker.command().await.store_id.as_str(), id);
}

#[actix_web::test]
async fn no_more_commands_than_the_window_holds_are_unsettled() {
    let api = TestApi::ready_with("relay_window", &[("URUMI_COMMANDS_IN_FLIGHT", "2")]).await;
    let mut worker = Worker::of(&api).await;
    for _ in 0..4 {
        api.a_store().await;
    }
    let (one, two) = (worker.command().await, worker.command().await);
    worker.no_command(Duration::from_millis(1500)).await;

    worker
        .say(
            &one,
            EventBody::StepStarted {
                step: Step::Release,
                run: 0,
            },
        )
        .await;
    worker.no_command(Duration::from_millis(500)).await;
    worker.make(&one).await;
    let three = worker.command().await;
    worker.make(&two).await;
    let four = worker.command().await;
    let all: BTreeSet<_> = [one, two, three, four]
        .map(|command| command.store_id)
        .into();
    assert_eq!(all.len(), 4);
}

#[actix_web::test]
async fn a_stopped_api_leaves_its_backlog_to_the_next_one() {
    let mut api = TestApi::ready_with("relay_restart", &[("URUMI_COMMANDS_IN_FLIGHT", "1")]).await;
    let mut worker = Worker::of(&api).await;
    let (first, second) = (api.a_store().await, api.a_store().await);
    let command = worker.command().await;
    assert_eq!(command.store_id.as_str(), first);

    api.halt();
    worker.make(&command).await;
    api.run();
    api.until_ready().await;

    api.store_with(&first, "Ready").await;
    assert_eq!(worker.command().await.store_id.as_str(), second);
}

#[actix_web::test]
async fn two_apis_share_one_window_and_send_nothing_twice() {
    let api = TestApi::ready_with("relay_two", &[("URUMI_COMMANDS_IN_FLIGHT", "3")]).await;
    let other = api.beside();
    other.until_ready().await;
    let mut worker = Worker::of(&api).await;
    for n in 0..12 {
        if n % 2 == 0 {
            api.a_store().await
        } else {
            other.a_store().await
        };
    }
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        let three = [
            worker.command().await,
            worker.command().await,
            worker.command().await,
        ];
        worker.no_command(Duration::from_millis(300)).await;
        for command in &three {
            assert!(
                seen.insert(command.store_id.clone()),
                "{} came twice",
                command.store_id
            );
            worker.make(command).await;
        }
    }
    worker.no_command(Duration::from_millis(500)).await;
    for id in &seen {
        api.store_with(id.as_str(), "Ready").await;
    }
}

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

/// Buffers that a claim reads; nothing stays claimed.
async fn read_by_a_claim(sql: &mut PgConnection, in_flight: i64, mode: &str) -> f64 {
    let claim = format!("(bigint, bigint, double precision) AS {CLAIM}");
    buffers(sql, &claim, &format!("{in_flight}, 32, 5"), mode).await
}

/// Buffers that a statement reads, with these values; nothing stays changed.
async fn buffers(sql: &mut PgConnection, statement: &str, values: &str, mode: &str) -> f64 {
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
    let plan: Value = row.get(0);
    let number = |name: &str| plan[0]["Plan"][name].as_f64().unwrap();
    number("Shared Hit Blocks") + number("Shared Read Blocks")
}

#[actix_web::test]
async fn a_claim_reads_as_little_of_a_long_backlog_as_of_a_short_one() {
    let api = TestApi::ready_with("relay_backlog", &[("URUMI_COMMANDS_IN_FLIGHT", "0")]).await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    let mut read = Vec::new();
    for rows in ["2000", "40000"] {
        let backlog = BACKLOG.replace("{ROWS}", rows);
        sql.execute(AssertSqlSafe(backlog)).await.unwrap();
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
    let backlog = BACKLOG.replace("{ROWS}", "6000");
    sql.execute(AssertSqlSafe(backlog)).await.unwrap();
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

#[actix_web::test]
async fn a_backlog_that_comes_when_the_outbox_was_counted_empty_is_not_compared_row_by_row() {
    let api = TestApi::ready_with("relay_counted", &[("URUMI_COMMANDS_IN_FLIGHT", "0")]).await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    sql.execute("SET enable_seqscan = off").await.unwrap();
    let backlog = BACKLOG.replace("{ROWS}", "6000");
    sql.execute(AssertSqlSafe(backlog.clone())).await.unwrap();
    // One row in as many pages as before: Postgres expects no more of them.
    let empty = "DELETE FROM outbox WHERE id < (SELECT max(id) FROM outbox)";
    sql.execute(empty).await.unwrap();
    sql.execute("VACUUM ANALYZE outbox").await.unwrap();
    sql.execute(AssertSqlSafe(backlog)).await.unwrap();
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
        assert!(buffers < 1_500.0, "{buffers} buffers to mark 32, {mode}");
    }
    // Nor does the watchdog look at what was sent within its time.
    let sent = "UPDATE outbox SET dispatched_at = now()";
    sql.execute(sent).await.unwrap();
    let silent = format!("(double precision) AS {SILENT}");
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let buffers = buffers(&mut sql, &silent, "30", mode).await;
        println!("{buffers} buffers to find nothing silent, {mode}");
        assert!(buffers < 100.0, "{buffers} buffers, {mode}");
    }
}

/// A window wider than what is taken at once: not one too many, whether it is counted
/// through or there are so few rows that it need not be.
#[actix_web::test]
async fn a_wide_window_is_filled_and_not_more() {
    let api = TestApi::ready_with("relay_wide", &[("URUMI_COMMANDS_IN_FLIGHT", "600")]).await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    let backlog = BACKLOG.replace("{ROWS}", "900");
    sql.execute(AssertSqlSafe(backlog)).await.unwrap();
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
    let backlog = BACKLOG.replace("{ROWS}", "20000");
    sql.execute(AssertSqlSafe(backlog.clone())).await.unwrap();
    sql.execute("UPDATE outbox SET dispatched_at = now()")
        .await
        .unwrap();
    sql.execute("VACUUM outbox").await.unwrap();
    let backlog = BACKLOG.replace("{ROWS}", "100");
    sql.execute(AssertSqlSafe(backlog)).await.unwrap();
    let wide = read_by_a_claim(&mut sql, 100_000, "force_custom_plan").await;
    let narrow = read_by_a_claim(&mut sql, 20_050, "force_custom_plan").await;
    assert!(wide + 80.0 < narrow, "{wide} and {narrow} buffers");
}

/// A burst of notices is answered by few claims: each costs as much as one of many rows.
#[actix_web::test]
async fn a_relay_that_is_woken_often_claims_seldom() {
    let api = TestApi::ready_with("relay_often", &[("URUMI_COMMANDS_IN_FLIGHT", "0")]).await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    let claims =
        "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'outbox_control_idx'";
    let counted = async |sql: &mut PgConnection| {
        pause(Duration::from_millis(1500), &CancellationToken::new()).await;
        sql.fetch_one(claims).await.unwrap().get::<i64, _>(0)
    };
    let before = counted(&mut sql).await;
    for _ in 0..1_000 {
        sql.execute("NOTIFY urumi_outbox").await.unwrap();
        pause(Duration::from_millis(1), &CancellationToken::new()).await;
    }
    let found = counted(&mut sql).await - before;
    println!("{found} scans for 1,000 notices");
    assert!(found < 500, "{found} scans for 1,000 notices");
}
