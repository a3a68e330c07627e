//! Forgets what is no longer needed: answers older than a day, sessions whose
//! time is over, inbox entries older than any message can be, events of the stream
//! older than a week, webhooks' messages older than a month. The audit is never touched.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use shared::telemetry::chain;
use shared::wait::pause;
use tokio_util::sync::CancellationToken;

use crate::db::{Database, DbError};

const INTERVAL: Duration = Duration::from_secs(600);
/// How long one kind of rows may take of that.
const TURN: Duration = Duration::from_secs(60);
/// Rows that one statement takes at most, so that it never takes long.
const BATCH: i64 = 2_000;

/// Each tells how many are gone.
const FORGET: [&str; 5] = [
    "WITH gone AS (DELETE FROM webhook_deliveries WHERE id IN (
        SELECT id FROM webhook_deliveries
        WHERE created_at < now() - interval '30 days' AND status <> 'Pending' ORDER BY created_at LIMIT $1)
        RETURNING 1)
     SELECT count(*) AS gone FROM gone",
    "WITH gone AS (DELETE FROM sessions WHERE hash IN (
        SELECT hash FROM sessions WHERE expires_at < now() LIMIT $1)
        RETURNING 1)
     SELECT count(*) AS gone FROM gone",
    "WITH gone AS (DELETE FROM idempotency_keys WHERE (tenant_id, principal, key) IN (
        SELECT tenant_id, principal, key FROM idempotency_keys
        WHERE created_at < now() - interval '24 hours' LIMIT $1)
        RETURNING 1)
     SELECT count(*) AS gone FROM gone",
    "WITH gone AS (DELETE FROM inbox WHERE event_id IN (
        SELECT event_id FROM inbox WHERE received_at < now() - interval '14 days' LIMIT $1)
        RETURNING 1)
     SELECT count(*) AS gone FROM gone",
    // Who comes back to a position before the horizon is told that something is missing.
    "WITH gone AS (DELETE FROM stream_events WHERE position IN (
        SELECT position FROM stream_events WHERE at < now() - interval '7 days' ORDER BY at LIMIT $1)
        RETURNING position),
     moved AS (UPDATE stream_horizon
        SET position = greatest(position, (SELECT max(position) FROM gone)))
     SELECT count(*) AS gone FROM gone",
];

/// Forget at the start and now and then, until stopped.
pub async fn run(db: Database, stop: CancellationToken) {
    loop {
        if let Err(error) = forget(&db, &stop).await {
            tracing::debug!(
                error = chain(&error),
                "nothing is forgotten while the database is away"
            );
        }
        if !pause(INTERVAL, &stop).await {
            return;
        }
    }
}

async fn forget(db: &Database, stop: &CancellationToken) -> Result<(), DbError> {
    for sql in FORGET {
        // As long as more is left, but each kind has its turn.
        let begun = Instant::now();
        while batch(db, sql).await? == BATCH {
            if stop.is_cancelled() || begun.elapsed() > TURN {
                break;
            }
        }
    }
    Ok(())
}

/// One batch; how many rows are gone.
async fn batch(db: &Database, sql: &str) -> Result<i64, DbError> {
    db.transaction(async |tx| -> Result<i64, DbError> {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [BATCH.into()]);
        let row = tx.query_one_raw(statement).await?;
        let gone = row.map(|row| row.try_get::<i64>("", "gone")).transpose()?;
        Ok(gone.unwrap_or_default())
    })
    .await
}
