//! The use cases. Each takes a [`Caller`], whose tenant scopes every query, and
//! knows SQL but no HTTP.

pub mod cancel;
pub mod counts;
pub mod create;
pub mod delete;
pub mod find;
pub mod grace;
pub mod host;
pub mod inside;
pub mod intent;
pub mod keyset;
pub mod labels;
pub mod legal;
pub mod life;
pub mod list;
pub mod login;
pub mod operations;
pub mod refusal;
pub mod retry;
pub mod stop;
pub mod update;
pub mod wish;

use shared::ids::{RequestId, TenantId};

use crate::db::{DbError, MaybeDatabase};
use crate::stores::refusal::Refusal;

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
    /// The request that the idempotency key came with is being answered.
    #[error("the idempotency key's first request is being answered")]
    KeyRunning,
    /// The record is not the one any more that the wish is about.
    #[error("the record has changed since it was seen")]
    Stale,
    /// Adopt or purge on unsure ground, or too far.
    #[error(transparent)]
    Unsure(#[from] crate::reconciliation::guard::Refusal),
    /// Not while the store stands so.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database's fault.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl StoreError {
    /// Why a wish about a store that is there was refused, as the audit has it.
    pub fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::KeyReused => Some("idempotency_key_reused"),
            Self::Stale => Some("precondition_failed"),
            Self::Refused(refusal) => Some(refusal.code()),
            Self::Unsure(_) => Some("reconciliation_refused"),
            Self::NotFound | Self::KeyRunning | Self::Database(_) => None,
        }
    }
}

impl MaybeDatabase for StoreError {
    fn database(&self) -> Option<&DbError> {
        match self {
            Self::Database(error) => Some(error),
            Self::NotFound
            | Self::KeyReused
            | Self::KeyRunning
            | Self::Stale
            | Self::Unsure(_)
            | Self::Refused(_) => None,
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
