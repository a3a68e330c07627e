//! What a tenant may have at once. Counted under a lock on the tenant's row, so
//! that requests at once do not pass it together; where nothing is limited,
//! nothing is locked.

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, FromQueryResult, Statement};
use shared::ids::TenantId;

use crate::db::DbError;
use crate::settings::EngineSettings;

/// How much of something is there, and how much may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub taken: i64,
    pub limit: i64,
}

impl Room {
    /// Whether one more fits.
    pub fn is_full(self) -> bool {
        self.taken >= self.limit
    }
}

/// A tenant's own bounds; `None` leaves it to the platform's.
#[derive(Debug, Clone, Copy, Default, FromQueryResult)]
pub struct Own {
    max_stores: Option<i32>,
    max_operations: Option<i32>,
}

/// A tenant's own bounds. Nothing is locked: they are read again under the lock where
/// there are any.
///
/// # Errors
/// The database's.
pub async fn own(tx: &DatabaseTransaction, tenant: TenantId) -> Result<Own, DbError> {
    bounds(tx, tenant, OWN).await
}

/// Stores of a tenant; `None` if it may have any number.
///
/// # Errors
/// The database's.
pub async fn stores(
    tx: &DatabaseTransaction,
    engine: &EngineSettings,
    tenant: TenantId,
    own: Own,
) -> Result<Option<Room>, DbError> {
    const COUNT: &str =
        "SELECT count(*) AS n FROM stores WHERE tenant_id = $1 AND status <> 'Deleted'";
    let max = |own: Own| limit(own.max_stores, engine.tenant_max_stores);
    room(tx, tenant, max(own).map(|_| max), COUNT).await
}

/// Operations of a tenant that are open; `None` if it may have any number. Deletes that
/// wait for their time take no place.
///
/// # Errors
/// The database's.
pub async fn operations(
    tx: &DatabaseTransaction,
    engine: &EngineSettings,
    tenant: TenantId,
    own: Own,
) -> Result<Option<Room>, DbError> {
    const COUNT: &str = "SELECT count(*) AS n FROM operations
        WHERE tenant_id = $1 AND status IN ('Queued', 'Running')
          AND (not_before IS NULL OR not_before <= now())";
    let max = |own: Own| limit(own.max_operations, engine.tenant_max_operations);
    room(tx, tenant, max(own).map(|_| max), COUNT).await
}

async fn room(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    max: Option<impl Fn(Own) -> Option<i64>>,
    count: &str,
) -> Result<Option<Room>, DbError> {
    let Some(max) = max else {
        return Ok(None);
    };
    let locked = bounds(tx, tenant, OWN_LOCKED).await?;
    let Some(limit) = max(locked) else {
        return Ok(None);
    };
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, count, [tenant.0.into()]);
    let counted = tx.query_one_raw(statement).await?;
    let taken = counted.map_or(Ok(0), |row| row.try_get("", "n"))?;
    Ok(Some(Room { taken, limit }))
}

const OWN: &str = "SELECT max_stores, max_operations FROM tenants WHERE id = $1";
const OWN_LOCKED: &str =
    "SELECT max_stores, max_operations FROM tenants WHERE id = $1 FOR NO KEY UPDATE";

async fn bounds(tx: &DatabaseTransaction, tenant: TenantId, sql: &str) -> Result<Own, DbError> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()]);
    Ok(Own::find_by_statement(statement)
        .one(tx)
        .await?
        .unwrap_or_default())
}

/// The tenant's own bound, or else the platform's, of which 0 is none.
fn limit(own: Option<i32>, platforms: i64) -> Option<i64> {
    own.map(i64::from)
        .or_else(|| Some(platforms).filter(|limit| *limit > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenants_own_limit_counts_before_the_platforms() {
        for (own, platforms, expected) in [
            (None, 0, None),
            (None, 5, Some(5)),
            (Some(2), 5, Some(2)),
            (Some(9), 5, Some(9)),
            (Some(0), 5, Some(0)),
            (Some(3), 0, Some(3)),
        ] {
            assert_eq!(limit(own, platforms), expected, "{own:?} {platforms}");
        }
    }

    #[test]
    fn as_many_as_the_limit_fit() {
        let room = |taken| Room { taken, limit: 2 };
        assert!(!room(1).is_full());
        assert!(room(2).is_full());
        assert!(room(3).is_full());
    }
}
