//! api → worker: bring a store to a goal. Carries everything the job needs.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::operation::OperationKind;
use crate::store_spec::StoreSpec;

/// One try at one intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// What was asked for, for logs and for the failure's words.
    pub kind: OperationKind,
    /// What shall be true.
    pub goal: Goal,
    /// Whether the store was ever ready: then a repair never uninstalls it.
    pub ever_ready: bool,
    /// Not to be begun after this moment.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// How long this try may take from its first step on.
    pub budget_ms: u64,
}

/// What shall be true of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Goal {
    /// It serves as this spec says.
    Present {
        /// The wanted store.
        spec: StoreSpec,
    },
    /// Nothing of it is left in the cluster.
    Absent,
}
