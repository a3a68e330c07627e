//! Forgets what is no longer needed: answers older than a day, sessions whose
//! time is over, inbox entries older than any message can be, events of the stream
//! older than a week, webhooks' messages older than a month. The audit is never touched.

use std::time::Duration;

use sea_orm::ConnectionTrait as _;
use shared::telemetry::chain;
use shared::wait::pause;
use tokio_util::sync::CancellationToken;

use crate::db::{Database, DbError};

const INTERVAL: Duration = Duration::from_secs(600);

const FORGET: [&str; 5] = [
    "DELETE FROM webhook_deliveries WHERE id IN (
        SELECT id FROM webhook_deliveries
        WHERE created_at < now() - interval '30 days' AND status <> 'Pending' ORDER BY created_at LIMIT 10000)",
    "DELETE FROM sessions WHERE hash IN (
        SELECT hash FROM sessions WHERE expires_at < now() LIMIT 1000)",
    "DELETE FROM idempotency_keys WHERE (tenant_id, principal, key) IN (
        SELECT tenant_id, principal, key FROM idempotency_keys
        WHERE created_at < now() - interval '24 hours' LIMIT 1000)",
    "DELETE FROM inbox WHERE event_id IN (
        SELECT event_id FROM inbox WHERE received_at < now() - interval '14 days' LIMIT 1000)",
    // Who comes back to a position before the horizon is told that something is missing.
    "WITH gone AS (DELETE FROM stream_events WHERE position IN (
        SELECT position FROM stream_events WHERE at < now() - interval '7 days' ORDER BY at LIMIT 10000)
        RETURNING position)
     UPDATE stream_horizon SET position = greatest(position, (SELECT max(position) FROM gone))",
];

/// Forget now and then, until stopped.
pub async fn run(db: Database, stop: CancellationToken) {
    while pause(INTERVAL, &stop).await {
        if let Err(error) = forget(&db).await {
            tracing::debug!(
                error = chain(&error),
                "nothing is forgotten while the database is away"
            );
        }
    }
}

async fn forget(db: &Database) -> Result<(), DbError> {
    for sql in FORGET {
        db.transaction(async |tx| -> Result<(), DbError> {
            tx.execute_unprepared(sql).await?;
            Ok(())
        })
        .await?;
    }
    Ok(())
}
