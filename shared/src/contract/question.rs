//! api → worker → api: what only the cluster can say at that moment. A question
//! changes nothing, may be lost, and is worth nothing after its deadline; so it
//! has no generation, no retry and no dead letter.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::contract::envelope::Undecodable;
use crate::ids::{MessageId, StoreId};

/// A question about one store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Identity of the message; the answer repeats it.
    pub id: MessageId,
    /// The store.
    pub store_id: StoreId,
    /// When nobody waits for an answer any more (asker's clock).
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// What is asked.
    pub ask: Ask,
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Ask {
    /// What the store is made of, and how much it takes.
    Inside {},
    /// The last lines of its containers.
    Logs {
        /// Of that pod alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pod: Option<String>,
        /// Of that container alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        container: Option<String>,
        /// Lines of each container at most.
        lines: u32,
        /// Of the run before the last start.
        #[serde(default)]
        previous: bool,
    },
}

/// What a worker says to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Answer {
    /// To [`Ask::Inside`].
    Inside(Inside),
    /// To [`Ask::Logs`].
    Logs(Logs),
    /// The cluster did not say.
    Unreachable {
        /// In one line.
        message: String,
    },
}

/// What a store is made of, and how much it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Inside {
    /// When it was looked at.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub looked_at: OffsetDateTime,
    /// Its pods, by name.
    #[serde(default)]
    #[schema(required)]
    pub pods: Vec<PodSeen>,
    /// Its volumes, by name.
    #[serde(default)]
    #[schema(required)]
    pub volumes: Vec<VolumeSeen>,
    /// What its pods ask for and may ask for at most (its ResourceQuota).
    #[serde(default)]
    #[schema(required)]
    pub usage: Vec<UsageSeen>,
}

/// One pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PodSeen {
    /// Its name.
    #[schema(example = "wordpress-7c9f5d-x2x9k")]
    pub name: String,
    /// The part of the store that it is, such as `mysql` or `wordpress`.
    #[schema(example = "wordpress")]
    pub part: String,
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[schema(example = "Running")]
    pub phase: String,
    /// Whether it serves.
    pub ready: bool,
    /// When it began.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<OffsetDateTime>,
    /// Its containers, those that set it up first.
    #[serde(default)]
    #[schema(required)]
    pub containers: Vec<ContainerSeen>,
}

/// One container of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContainerSeen {
    /// Its name.
    #[schema(example = "wordpress")]
    pub name: String,
    /// Its image.
    #[schema(example = "wordpress:7.1-php8.4-apache")]
    pub image: String,
    /// `Waiting`, `Running` or `Ended`.
    #[schema(example = "Running")]
    pub state: String,
    /// Why, where the cluster says so, such as `CrashLoopBackOff`.
    #[serde(default)]
    #[schema(required, example = "")]
    pub reason: String,
    /// How often it was started again.
    pub restarts: u32,
}

/// One volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VolumeSeen {
    /// The name of its claim.
    #[schema(example = "data-mysql-0")]
    pub name: String,
    /// `Pending`, `Bound` or `Lost`.
    #[schema(example = "Bound")]
    pub phase: String,
    /// How large it is, as Kubernetes writes it; what was asked for until it is bound.
    #[schema(example = "2Gi")]
    pub size: String,
}

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageSeen {
    /// Its name, as Kubernetes writes it.
    #[schema(example = "requests.memory")]
    pub resource: String,
    /// What is taken.
    #[schema(example = "512Mi")]
    pub used: String,
    /// What may be taken.
    #[schema(example = "1Gi")]
    pub limit: String,
}

/// The last lines of a store's containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Logs {
    /// When they were read.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub looked_at: OffsetDateTime,
    /// One entry for each container.
    #[serde(default)]
    #[schema(required)]
    pub logs: Vec<Log>,
}

/// The last lines of one container, without the store's secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Log {
    /// The pod.
    #[schema(example = "wordpress-7c9f5d-x2x9k")]
    pub pod: String,
    /// The container.
    #[schema(example = "wordpress")]
    pub container: String,
    /// Its lines, each ended by a line feed; a store's own words.
    #[schema(example = "[core:notice] AH00094: Command line: 'apache2 -D FOREGROUND'\n")]
    pub text: String,
}

impl Question {
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

impl Answer {
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
