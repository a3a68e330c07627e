//! What a person sees of a store. Who may write it and when is the api's rule
//! (`api/src/projector`); here are the words and what each allows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Status of a store (design, section 3).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
pub enum StoreStatus {
    /// Accepted, no worker has begun.
    Queued,
    /// A worker makes it.
    Provisioning,
    /// The storefront answered from outside.
    Ready,
    /// The first provision ended without a shop; `failure` says why.
    Failed,
    /// A change to a store that was ready is on its way.
    Updating,
    /// No web pods; the data is kept.
    Suspended,
    /// Its namespace is being removed.
    Deleting,
    /// The namespace is gone; record and audit stay.
    Deleted,
    /// Removing it stopped; `failure` names what blocks.
    DeleteFailed,
}

impl StoreStatus {
    /// Every status, for exhaustive tests and the table in docs/STATES.md.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Provisioning,
        Self::Ready,
        Self::Failed,
        Self::Updating,
        Self::Suspended,
        Self::Deleting,
        Self::Deleted,
        Self::DeleteFailed,
    ];

    /// The name used in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Provisioning => "Provisioning",
            Self::Ready => "Ready",
            Self::Failed => "Failed",
            Self::Updating => "Updating",
            Self::Suspended => "Suspended",
            Self::Deleting => "Deleting",
            Self::Deleted => "Deleted",
            Self::DeleteFailed => "DeleteFailed",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}
