//! Operations: one intent about one store, with its own life.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is wanted of the store.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
pub enum OperationKind {
    /// Make it (the first time, or again after a failure).
    Create,
    /// Bring a ready store to a changed spec.
    Update,
    /// Return to the release before.
    Rollback,
    /// Take the web pods away, keep the data.
    Suspend,
    /// Bring them back.
    Resume,
    /// Remove everything.
    Delete,
}

impl OperationKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Create,
        Self::Update,
        Self::Rollback,
        Self::Suspend,
        Self::Resume,
        Self::Delete,
    ];

    /// The name used in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Rollback => "Rollback",
            Self::Suspend => "Suspend",
            Self::Resume => "Resume",
            Self::Delete => "Delete",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How far an operation is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
pub enum OperationStatus {
    /// Recorded; no worker has begun.
    Queued,
    /// A worker has begun.
    Running,
    /// The wish is true.
    Succeeded,
    /// It ended otherwise; `failure` says why.
    Failed,
    /// Ended on request.
    Cancelled,
    /// A later operation (a delete) took its place.
    Superseded,
}

impl OperationStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Superseded,
    ];

    /// Whether it has yet to end.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            Self::Queued | Self::Running => true,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::Superseded => false,
        }
    }

    /// The name used in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Superseded => "Superseded",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}
