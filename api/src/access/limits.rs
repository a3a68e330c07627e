//! What a tenant may have at once. Counted under a lock on the tenant's row, so
//! that requests at once do not pass it together; where nothing is limited,
//! nothing is locked.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
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

/// Stores of a tenant; `None` if it may have any number.
///
/// # Errors
/// The database's.
pub async fn stores(
    tx: &DatabaseTransaction,
    engine: &EngineSettings,
    tenant: TenantId,
) -> Result<Option<Room>, DbError> {
    const COUNT: &str =
        "SELECT count(*) AS n FROM stores WHERE tenant_id = $1 AND status <> 'Deleted'";
    room(tx, tenant, ("max_stores", engine.tenant_max_stores), COUNT).await
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
) -> Result<Option<Room>, DbError> {
    const COUNT: &str = "SELECT count(*) AS n FROM operations
        WHERE tenant_id = $1 AND status IN ('Queued', 'Running')
          AND (not_before IS NULL OR not_before <= now())";
    let platforms = engine.tenant_max_operations;
    room(tx, tenant, ("max_operations", platforms), COUNT).await
}

async fn room(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    (column, platforms): (&str, i64),
    count: &str,
) -> Result<Option<Room>, DbError> {
    let own = format!("SELECT {column} AS n FROM tenants WHERE id = $1");
    let Some(limit) = limit(number(tx, &own, tenant).await?, platforms) else {
        return Ok(None);
    };
    number(tx, &format!("{own} FOR NO KEY UPDATE"), tenant).await?;
    let taken = number(tx, count, tenant).await?.unwrap_or_default();
    Ok(Some(Room { taken, limit }))
}

/// The tenant's own bound, or else the platform's, of which 0 is none.
fn limit(own: Option<i64>, platforms: i64) -> Option<i64> {
    own.or_else(|| Some(platforms).filter(|limit| *limit > 0))
}

async fn number(
    tx: &DatabaseTransaction,
    sql: &str,
    tenant: TenantId,
) -> Result<Option<i64>, DbError> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()]);
    let Some(row) = tx.query_one_raw(statement).await? else {
        return Ok(None);
    };
    // A bound is an integer, a count a bigint.
    match row.try_get::<Option<i64>>("", "n") {
        Ok(number) => Ok(number),
        Err(_) => Ok(row.try_get::<Option<i32>>("", "n")?.map(i64::from)),
    }
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
