//! What the database holds, read past the api.

use std::collections::BTreeMap;

use anyhow::Result;
use sqlx::{PgPool, Row as _};

/// A store's record.
#[derive(Debug, Clone)]
pub struct StoreRow {
    pub id: String,
    pub name: String,
    pub status: String,
    pub host: String,
}

/// An operation's record.
#[derive(Debug, Clone)]
pub struct OperationRow {
    pub id: String,
    pub store: String,
    pub kind: String,
    pub status: String,
    pub attempt: i32,
    pub begun: bool,
}

impl OperationRow {
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "Queued" | "Running")
    }
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Records {
    pub stores: Vec<StoreRow>,
    pub operations: Vec<OperationRow>,
    pub outbox: i64,
    pub parked: i64,
    /// How often each action was said about each operation.
    pub said: BTreeMap<(String, String), i64>,
    /// Tries of which it was said more than once that they failed: operation, try.
    pub failed_twice: Vec<(String, i64)>,
}

impl Records {
    /// # Errors
    /// The database's.
    pub async fn read(pool: &PgPool) -> Result<Self> {
        Ok(Self {
            stores: stores(pool).await?,
            operations: operations(pool).await?,
            outbox: count(pool, "SELECT count(*) FROM outbox").await?,
            parked: count(
                pool,
                "SELECT count(*) FROM parked_messages WHERE replayed_at IS NULL",
            )
            .await?,
            said: said(pool).await?,
            failed_twice: failed_twice(pool).await?,
        })
    }

    /// Operations that are not over, and messages that are not out.
    ///
    /// # Errors
    /// The database's.
    pub async fn unfinished(pool: &PgPool) -> Result<i64> {
        count(
            pool,
            "SELECT (SELECT count(*) FROM operations WHERE status IN ('Queued', 'Running'))
                  + (SELECT count(*) FROM outbox)",
        )
        .await
    }
}

async fn count(pool: &PgPool, sql: &'static str) -> Result<i64> {
    Ok(sqlx::query_scalar(sql).fetch_one(pool).await?)
}

async fn stores(pool: &PgPool) -> Result<Vec<StoreRow>> {
    let rows = sqlx::query("SELECT id, name, status, host FROM stores ORDER BY id")
        .fetch_all(pool)
        .await?;
    let rows = rows.iter().map(|row| {
        Ok(StoreRow {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            status: row.try_get("status")?,
            host: row.try_get("host")?,
        })
    });
    rows.collect()
}

async fn operations(pool: &PgPool) -> Result<Vec<OperationRow>> {
    let sql =
        "SELECT id::text AS id, store_id, kind, status, attempt, started_at IS NOT NULL AS begun
               FROM operations ORDER BY created_at";
    let rows = sqlx::query(sql).fetch_all(pool).await?;
    let rows = rows.iter().map(|row| {
        Ok(OperationRow {
            id: row.try_get("id")?,
            store: row.try_get("store_id")?,
            kind: row.try_get("kind")?,
            status: row.try_get("status")?,
            attempt: row.try_get("attempt")?,
            begun: row.try_get("begun")?,
        })
    });
    rows.collect()
}

async fn said(pool: &PgPool) -> Result<BTreeMap<(String, String), i64>> {
    let sql = "SELECT operation_id::text AS operation, action, count(*) AS times
               FROM audit_events WHERE operation_id IS NOT NULL GROUP BY 1, 2";
    let rows = sqlx::query(sql).fetch_all(pool).await?;
    let rows = rows.iter().map(|row| {
        let key = (row.try_get("operation")?, row.try_get("action")?);
        Ok((key, row.try_get("times")?))
    });
    rows.collect()
}

async fn failed_twice(pool: &PgPool) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT operation_id::text AS operation, (details->>'attempt')::bigint AS attempt
               FROM audit_events WHERE action = 'operation.attempt_failed'
               GROUP BY 1, 2 HAVING count(*) > 1";
    let rows = sqlx::query(sql).fetch_all(pool).await?;
    let rows = rows
        .iter()
        .map(|row| Ok((row.try_get("operation")?, row.try_get("attempt")?)));
    rows.collect()
}
