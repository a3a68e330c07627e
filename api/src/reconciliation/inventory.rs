//! The newest inventory of namespaces. The only statements on `inventories`.

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, Statement};
use shared::contract::observation::{Observation, ObservationBody};

use crate::db::DbError;
use crate::record::rows::to_json;

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
