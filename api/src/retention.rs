//! Forgets what is no longer needed: answers older than a day, sessions whose
//! time is over, inbox entries
//! older than any message can be. The audit is never touched.

use std::time::Duration;

use sea_orm::ConnectionTrait as _;
use shared::telemetry::chain;
use shared::wait::pause;
use tokio_util::sync::CancellationToken;

use crate::db::{Database, DbError};

const INTERVAL: Duration = Duration::from_secs(600);

const FORGET: [&str; 3] = [
    "DELETE FROM sessions WHERE hash IN (
        SELECT hash FROM sessions WHERE expires_at < now() LIMIT 1000)",
    "DELETE FROM idempotency_keys WHERE (tenant_id, principal, key) IN (
        SELECT tenant_id, principal, key FROM idempotency_keys
        WHERE created_at < now() - interval '24 hours' LIMIT 1000)",
    "DELETE FROM inbox WHERE event_id IN (
        SELECT event_id FROM inbox WHERE received_at < now() - interval '14 days' LIMIT 1000)",
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
