//! `GET /stores/counts`: how many stores of each status and health a tenant has,
//! from what triggers keep (20261124032000_lists.sql); no store is read.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use shared::ids::TenantId;

use crate::stores::{Caller, StoreError};

/// Stores of one status and health.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Counted {
    pub status: String,
    pub health: String,
    pub stores: i64,
}

/// The question, for a tenant.
pub fn statement(tenant: TenantId) -> Statement {
    const COUNTS: &str = "SELECT status, health, sum(stores)::bigint AS stores FROM store_counts
        WHERE tenant_id = $1 GROUP BY status, health";
    Statement::from_sql_and_values(DbBackend::Postgres, COUNTS, [tenant.0.into()])
}

/// All of the caller's.
///
/// # Errors
/// The database's.
pub async fn all<C: ConnectionTrait>(db: &C, caller: &Caller) -> Result<Vec<Counted>, StoreError> {
    Ok(Counted::find_by_statement(statement(caller.tenant))
        .all(db)
        .await?)
}
