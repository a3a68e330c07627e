//! api → worker: what was begun for a store is no longer wanted.
//!
//! The envelope's generation is the new one. Handling it = raise the generation
//! on the store's Lease; whoever holds the Lease sees that and stops.

use serde::{Deserialize, Serialize};

/// Stop everything of an older generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Why.
    pub reason: StopReason,
    /// Whether what was made of the store so far is to go: it was never ready, and
    /// nobody brings it forward any more. The store stays on record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clear: bool,
}

/// Why an operation shall stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
    /// Its owner cancelled it.
    Cancelled,
    /// A later operation takes its place.
    Superseded,
    /// Its deadline passed.
    Expired,
}
