//! The relay's claims and marks. At most `commands_in_flight` commands are
//! unsettled in the broker, for all replicas together; tenants take turns.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use shared::fault;
use sqlx::{AssertSqlSafe, FromRow as _};
use uuid::Uuid;

use crate::db::DbError;

/// How long a claim holds if its owner dies before it marks the rows: what it was
/// to publish waits as long.
pub const CLAIM_SECONDS: f64 = 5.0;
/// Rows taken at once.
const BATCH: i64 = 256;

/// A row that this relay is to publish.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Claimed {
    pub id: i64,
    pub kind: String,
    pub message_id: Uuid,
    /// JSON, as it is sent.
    pub payload: String,
    pub traceparent: Option<String>,
}

/// One claim at a time, of all replicas together.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7236001)";

/// Controls first, as they free places; then commands, as many as the window has
/// places, the tenants in turn. Whatever waits, this reads the first rows of each
/// tenant and no more, and nothing where there is no place: `tenant` goes from one
/// tenant to the next by the index `outbox_turn_idx`. Rows are named by arrays, which can
/// be looked up in one way only: joined, they were compared with each row that waits, if
/// the outbox had been empty when Postgres last counted it. What is claimed is no `control`
/// rather than a `command`: for that it would look through the whole index of commands.
/// What is on its way is counted only if there may be too many of them: a wide window is
/// not counted through for each claim while few rows are there at all.
/// `$1` may be on their way, `$2` are taken at once, for `$3` seconds.
pub const CLAIM: &str = "
WITH RECURSIVE free AS (
    SELECT CASE WHEN $1 > $2 AND (SELECT max(id) FROM outbox) - (SELECT min(id) FROM outbox) < $1 - $2 THEN $2
        ELSE least($2, greatest(0, $1
        - (SELECT count(*) FROM (SELECT FROM outbox WHERE dispatched_at IS NOT NULL ORDER BY dispatched_at LIMIT $1) AS sent)
        - (SELECT count(*) FROM (SELECT FROM outbox WHERE claimed_until > now() AND kind <> 'control'
                                 ORDER BY claimed_until LIMIT $1) AS claimed))) END AS places
), tenant AS (
    (SELECT tenant_id FROM outbox
     WHERE kind = 'command' AND dispatched_at IS NULL AND (SELECT places FROM free) > 0
     ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT o.tenant_id FROM outbox o
            WHERE o.kind = 'command' AND o.dispatched_at IS NULL AND o.tenant_id > tenant.tenant_id
            ORDER BY o.tenant_id LIMIT 1)
    FROM tenant WHERE tenant.tenant_id IS NOT NULL
), due AS (
    SELECT first.id, first.next_attempt_at,
           row_number() OVER (PARTITION BY tenant.tenant_id ORDER BY first.next_attempt_at, first.id) AS turn
    FROM tenant, LATERAL (
        SELECT o.id, o.next_attempt_at FROM outbox o
        WHERE o.tenant_id = tenant.tenant_id AND o.kind = 'command' AND o.dispatched_at IS NULL
          AND o.next_attempt_at <= now() AND (o.claimed_until IS NULL OR o.claimed_until <= now())
        ORDER BY o.next_attempt_at, o.id LIMIT (SELECT places FROM free)) AS first
), chosen AS (
    (SELECT id FROM outbox
     WHERE kind = 'control' AND next_attempt_at <= now() AND (claimed_until IS NULL OR claimed_until <= now())
     ORDER BY id LIMIT $2)
    UNION ALL
    (SELECT id FROM due ORDER BY turn, next_attempt_at, id LIMIT (SELECT places FROM free))
), locked AS (
    SELECT id FROM outbox WHERE id = ANY (ARRAY (SELECT id FROM chosen)) FOR UPDATE SKIP LOCKED
)
UPDATE outbox SET claimed_until = now() + make_interval(secs => $3)
WHERE id = ANY (ARRAY (SELECT id FROM locked))
RETURNING id, kind, message_id, payload::text AS payload, traceparent";

/// Take what may be published now, in one round trip: both statements in one message of
/// the simple protocol, which is one transaction and takes a snapshot for each, so that
/// the count sees what the last claim took. If the connection is lost on the way and this
/// is done again, rows that were taken before wait until their claim is over.
/// Source: PostgreSQL documentation, "Multiple Statements in a Simple Query".
///
/// # Errors
/// The database's.
pub async fn claim(db: &DatabaseConnection, in_flight: i64) -> Result<Vec<Claimed>, DbError> {
    let claim = CLAIM
        .replace("$1", &format!("{in_flight}::bigint"))
        .replace("$2", &format!("{BATCH}::bigint"))
        .replace("$3", &CLAIM_SECONDS.to_string());
    let both = sqlx::raw_sql(AssertSqlSafe(format!("{LOCK}; {claim}")));
    let found = both.fetch_all(db.get_postgres_connection_pool()).await;
    // The first is the lock's.
    let rows = found
        .map_err(DbError::of_query)?
        .iter()
        .skip(1)
        .map(Claimed::from_row)
        .collect();
    let mut rows: Vec<Claimed> = Result::map_err(rows, DbError::of_query)?;
    rows.sort_by_key(|row| row.id);
    if fault::without("outbox") {
        const FORGET: &str = "
DELETE FROM outbox WHERE id = ANY ($1::bigint[]) AND message_id = ANY ($2::uuid[])";
        mark(db, FORGET, rows.iter()).await?;
    }
    Ok(rows)
}

/// What the broker confirmed of these ids and messages is on its way. No `control` rather
/// than a `command`: for that it would look for them among all commands that wait, if the
/// outbox had been empty when Postgres last counted it.
pub const MARK: &str = "
UPDATE outbox SET dispatched_at = now(), claimed_until = NULL, dispatch_count = dispatch_count + 1
WHERE id = ANY ($1::bigint[]) AND message_id = ANY ($2::uuid[]) AND kind <> 'control' AND dispatched_at IS NULL";

/// The broker confirmed: a command is dispatched, a control is done with. A row
/// that became another message meanwhile is left alone.
///
/// # Errors
/// The database's.
pub async fn confirm<C: ConnectionTrait>(db: &C, rows: &[Claimed]) -> Result<(), DbError> {
    const CONTROLS: &str = "
DELETE FROM outbox
WHERE id = ANY ($1::bigint[]) AND message_id = ANY ($2::uuid[]) AND kind = 'control'";
    let is_control = |row: &&Claimed| row.kind == super::CONTROL_KIND;
    mark(db, CONTROLS, rows.iter().filter(is_control)).await?;
    mark(db, MARK, rows.iter().filter(|row| !is_control(row))).await
}

/// The broker did not confirm: the rows are free at once.
///
/// # Errors
/// The database's.
pub async fn release<C: ConnectionTrait>(db: &C, rows: &[Claimed]) -> Result<(), DbError> {
    const FREE: &str = "
UPDATE outbox SET claimed_until = NULL
WHERE id = ANY ($1::bigint[]) AND message_id = ANY ($2::uuid[])";
    mark(db, FREE, rows.iter()).await
}

/// Rows are found by their ids, however many wait; their messages say that they are the
/// same still: what is said again in a row gets an id that no message had before.
async fn mark<C: ConnectionTrait>(
    db: &C,
    sql: &'static str,
    rows: impl Iterator<Item = &Claimed>,
) -> Result<(), DbError> {
    let (ids, messages): (Vec<i64>, Vec<Uuid>) = rows.map(|row| (row.id, row.message_id)).unzip();
    if ids.is_empty() {
        return Ok(());
    }
    let values = [ids.into(), messages.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    db.execute_raw(statement).await?;
    Ok(())
}
