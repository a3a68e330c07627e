//! The relay's claims and marks. At most `commands_in_flight` commands are
//! unsettled in the broker, for all replicas together; tenants take turns.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, Statement};
use shared::fault;
use uuid::Uuid;

use crate::db::DbError;

/// How long a claim holds if its owner dies before it marks the rows: what it was
/// to publish waits as long.
pub const CLAIM_SECONDS: f64 = 5.0;
/// Rows taken at once.
const BATCH: i64 = 32;

/// A row that this relay is to publish.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Claimed {
    pub id: i64,
    pub kind: String,
    pub message_id: Uuid,
    pub payload: serde_json::Value,
    pub traceparent: Option<String>,
}

const LOCK: &str = "SELECT pg_advisory_xact_lock(7236001)";

/// Controls first, as they free places; then commands, as many as the window
/// has places, the tenants in turn.
const CLAIM: &str = "
WITH free AS (
    SELECT greatest(0, $1 - count(*)) AS places FROM outbox
    WHERE kind = 'command' AND (dispatched_at IS NOT NULL OR claimed_until > now())
), due AS (
    SELECT id, kind, next_attempt_at,
           row_number() OVER (PARTITION BY kind, tenant_id ORDER BY next_attempt_at, id) AS turn
    FROM outbox
    WHERE dispatched_at IS NULL AND next_attempt_at <= now()
      AND (claimed_until IS NULL OR claimed_until <= now())
), chosen AS (
    (SELECT id FROM due WHERE kind = 'control' ORDER BY id LIMIT $2)
    UNION ALL
    (SELECT id FROM due WHERE kind = 'command' ORDER BY turn, next_attempt_at, id
     LIMIT (SELECT least(places, $2) FROM free))
), locked AS (
    SELECT id FROM outbox WHERE id IN (SELECT id FROM chosen) FOR UPDATE SKIP LOCKED
)
UPDATE outbox SET claimed_until = now() + make_interval(secs => $3)
WHERE id IN (SELECT id FROM locked)
RETURNING id, kind, message_id, payload, traceparent";

/// Take what may be published now.
///
/// # Errors
/// The database's.
pub async fn claim(tx: &DatabaseTransaction, in_flight: i64) -> Result<Vec<Claimed>, DbError> {
    tx.execute_raw(Statement::from_string(DbBackend::Postgres, LOCK))
        .await?;
    let values = [in_flight.into(), BATCH.into(), CLAIM_SECONDS.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, CLAIM, values);
    let mut rows = Claimed::find_by_statement(statement).all(tx).await?;
    rows.sort_by_key(|row| row.id);
    if fault::without("outbox") {
        const FORGET: &str = "DELETE FROM outbox WHERE message_id = ANY($1)";
        mark(tx, FORGET, &rows.iter().collect::<Vec<_>>()).await?;
    }
    Ok(rows)
}

/// The broker confirmed: a command is dispatched, a control is done with. A row
/// that became another message meanwhile is left alone.
///
/// # Errors
/// The database's.
pub async fn confirm<C: ConnectionTrait>(db: &C, rows: &[&Claimed]) -> Result<(), DbError> {
    const CONTROLS: &str = "DELETE FROM outbox WHERE kind = 'control' AND message_id = ANY($1)";
    const COMMANDS: &str = "
UPDATE outbox SET dispatched_at = now(), claimed_until = NULL, dispatch_count = dispatch_count + 1
WHERE kind = 'command' AND message_id = ANY($1)";
    let (controls, commands): (Vec<&Claimed>, Vec<&Claimed>) =
        rows.iter().partition(|row| row.kind == super::CONTROL_KIND);
    for (sql, rows) in [(CONTROLS, controls), (COMMANDS, commands)] {
        mark(db, sql, &rows).await?;
    }
    Ok(())
}

/// The broker did not confirm: the rows are free at once.
///
/// # Errors
/// The database's.
pub async fn release<C: ConnectionTrait>(db: &C, rows: &[&Claimed]) -> Result<(), DbError> {
    const FREE: &str = "UPDATE outbox SET claimed_until = NULL WHERE message_id = ANY($1)";
    mark(db, FREE, rows).await
}

async fn mark<C: ConnectionTrait>(
    db: &C,
    sql: &'static str,
    rows: &[&Claimed],
) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.message_id).collect();
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [ids.into()]);
    db.execute_raw(statement).await?;
    Ok(())
}
