//! worker → api: what the elected observer sees of stores that nobody works on.
//!
//! An observation is a picture, not a fact about an operation: a later one takes
//! its place, an older one is ignored, and a lost one is made up for by the next.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contract::envelope::Undecodable;
use crate::ids::{MessageId, StoreId};

/// A picture, and who took it when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Identity of the message.
    pub id: MessageId,
    /// The installation whose cluster it is about.
    pub installation: String,
    /// How often the observer's Lease had changed hands: of two observers the one
    /// with the greater term is right.
    pub term: u64,
    /// When it was taken (observer's clock).
    #[serde(with = "time::serde::rfc3339")]
    pub taken_at: OffsetDateTime,
    /// What is seen.
    pub body: ObservationBody,
}

/// What can be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ObservationBody {
    /// How some stores do: at once when one changes, all of them once a minute.
    Health {
        /// One entry for each store that was looked at.
        looks: Vec<Look>,
    },
    /// Every namespace that is, or looks like, a store's.
    Inventory {
        /// Whether the cluster told all of it; if not, what is missing here may
        /// be there, and nothing may be concluded from its absence.
        complete: bool,
        /// What was found.
        namespaces: Vec<NamespaceSeen>,
    },
    /// Who came to one store with login links, as its own logs tell; only said when
    /// it was asked for.
    Logins {
        /// The store.
        store_id: StoreId,
        /// Each of them.
        logins: Vec<Login>,
    },
}

/// One who came to a store with a login link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Of the line that tells it: one that is read twice is one.
    pub id: MessageId,
    /// The link's id; `None` if the platform signed no such link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Uuid>,
    /// Why he was not let in; `None` if he was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// When (the pod's clock).
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The pod that tells it.
    pub pod: String,
}

/// How one store does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The store.
    pub store_id: StoreId,
    /// The verdict.
    pub health: Health,
    /// Why it is not Healthy; empty if it is.
    #[serde(default)]
    pub reasons: Vec<HealthReason>,
    /// When it was looked at (observer's clock).
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What it is, as its chart says; `None` while its web pods' Deployment is not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop: Option<ShopKind>,
}

/// What a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ShopKind {
    /// A plain WordPress, which sells nothing.
    WordPress,
    /// A shop that sells, by WooCommerce.
    WooCommerce,
}

impl ShopKind {
    /// The value of the name that is used in JSON and in the database.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "WordPress" => Some(Self::WordPress),
            "WooCommerce" => Some(Self::WooCommerce),
            _ => None,
        }
    }
}

/// Whether a store that was made serves now. Stands beside its status.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ToSchema,
)]
pub enum Health {
    /// Not looked at, or the way to all stores is broken.
    #[default]
    Unknown,
    /// Its pods are ready and the shop answers.
    Healthy,
    /// It has faults; the reasons name them.
    Degraded,
}

impl Health {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Unknown, Self::Healthy, Self::Degraded];

    /// The name used in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Healthy => "Healthy",
            Self::Degraded => "Degraded",
        }
    }

    /// The value of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|health| health.as_str() == text)
    }
}

/// One fault of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthReason {
    /// Stable word: `DatabaseNotReady`, `WebNotReady`, `StorefrontUnreachable`,
    /// `NamespaceMissing`, `WorkloadMissing`, or a failure code.
    pub code: String,
    /// The object, such as `StatefulSet/mysql`; empty for the shop as a whole.
    #[serde(default)]
    pub object: String,
    /// In one line, without secrets.
    pub message: String,
}

/// A namespace that is, or looks like, a store's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamespaceSeen {
    /// Its name.
    pub name: String,
    /// The installation that it says made it; `None` for a foreign one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation: Option<String>,
    /// The tenant on its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Uuid>,
    /// Whether its store was ever ready.
    #[serde(default)]
    pub ever_ready: bool,
    /// Whether it is being removed.
    #[serde(default)]
    pub terminating: bool,
    /// helm's revision on the store's workloads; `None` where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// The chart on them, name and version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
}

impl Observation {
    /// The message as JSON bytes.
    ///
    /// # Errors
    /// None in practice: there is nothing here that JSON cannot say.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// The message in these bytes.
    ///
    /// # Errors
    /// [`Undecodable`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Undecodable> {
        serde_json::from_slice(bytes).map_err(Undecodable)
    }
}
