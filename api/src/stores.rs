//! The use cases. Each takes a [`Caller`], whose tenant scopes every query, and
//! knows SQL but no HTTP.

pub mod create;
pub mod delete;
pub mod find;
pub mod intent;
pub mod list;

use shared::ids::{RequestId, TenantId};

use crate::db::{DbError, MaybeDatabase};

/// On whose behalf something is done. Made by the HTTP side alone, and the only
/// way to get a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub tenant: TenantId,
    /// As the audit names them.
    pub actor: String,
    pub request_id: RequestId,
}

/// A wish that cannot be granted.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such store for this tenant.
    #[error("no such store")]
    NotFound,
    /// The idempotency key came before, with another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The database's fault.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl MaybeDatabase for StoreError {
    fn database(&self) -> Option<&DbError> {
        match self {
            Self::Database(error) => Some(error),
            Self::NotFound | Self::KeyReused => None,
        }
    }
}

impl From<sea_orm::DbErr> for StoreError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl From<crate::record::rows::UnreadableRow> for StoreError {
    fn from(error: crate::record::rows::UnreadableRow) -> Self {
        Self::Database(error.into())
    }
}
