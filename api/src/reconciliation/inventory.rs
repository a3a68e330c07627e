//! The newest inventory of namespaces. The only statements on `inventories`.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use shared::contract::observation::{NamespaceSeen, Observation, ObservationBody};
use time::OffsetDateTime;

use crate::db::DbError;
use crate::record::rows::{from_json, to_json};

/// Every namespace that is, or looks like, a store's, at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    pub taken_at: OffsetDateTime,
    /// Whether the cluster told all of it.
    pub complete: bool,
    pub namespaces: Vec<NamespaceSeen>,
}

/// The newest of an installation.
///
/// # Errors
/// The database's.
pub async fn newest<C: ConnectionTrait>(
    db: &C,
    installation: &str,
) -> Result<Option<Inventory>, DbError> {
    const NEWEST: &str =
        "SELECT taken_at, complete, namespaces FROM inventories WHERE installation = $1";
    let values = [installation.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, NEWEST, values);
    let Some(row) = db.query_one_raw(statement).await? else {
        return Ok(None);
    };
    let namespaces: serde_json::Value = row.try_get("", "namespaces")?;
    Ok(Some(Inventory {
        taken_at: row.try_get("", "taken_at")?,
        complete: row.try_get("", "complete")?,
        namespaces: from_json("inventories.namespaces", &namespaces)?,
    }))
}

const KEEP: &str = "
INSERT INTO inventories (installation, term, taken_at, complete, namespaces)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (installation) DO UPDATE SET
    term = excluded.term, taken_at = excluded.taken_at,
    complete = excluded.complete, namespaces = excluded.namespaces
WHERE (inventories.term, inventories.taken_at) < (excluded.term, excluded.taken_at)";

/// Keep an inventory, if it is newer than the one that is kept.
///
/// # Errors
/// The database's.
pub async fn keep(tx: &DatabaseTransaction, seen: &Observation) -> Result<(), DbError> {
    let ObservationBody::Inventory {
        complete,
        namespaces,
    } = &seen.body
    else {
        return Ok(());
    };
    let values = [
        seen.installation.as_str().into(),
        i64::try_from(seen.term).unwrap_or(i64::MAX).into(),
        seen.taken_at.into(),
        (*complete).into(),
        to_json(namespaces).into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(
        DbBackend::Postgres,
        KEEP,
        values,
    ))
    .await?;
    Ok(())
}
