//! api → worker: what was begun for a store is no longer wanted.
//!
//! The envelope's generation is the new one. Handling it = raise the generation
//! on the store's Lease; whoever holds the Lease sees that and stops.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Stop everything of an older generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Why.
    pub reason: StopReason,
    /// Whether what was made of the store so far is to go: it was never ready, and
    /// nobody brings it forward any more. The store stays on record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clear: bool,
    /// Nothing is to stop: the worker is to say what the store's logs tell of login
    /// links since that moment. The generation is the one that is wanted already, so
    /// a build that does not know this field changes nothing.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub logins_since: Option<OffsetDateTime>,
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
