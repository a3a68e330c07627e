//! Stores, operations and steps as the rules see them: plain values, with the
//! words of `shared`. No SQL here and no HTTP; `entity` rows are turned into
//! these and back in `record/rows.rs`.

pub mod rows;
pub mod timeline;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::failure::Failure;
use shared::ids::{Generation, OperationId, RequestId, StoreId, TenantId};
use shared::operation::{OperationKind, OperationStatus};
use shared::step::Step;
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;
use time::{Duration, OffsetDateTime};

/// A store, as far as reports can change it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreRecord {
    pub id: StoreId,
    pub tenant_id: TenantId,
    pub status: StoreStatus,
    pub generation: Generation,
    pub ever_ready: bool,
    /// What is wanted of it.
    pub spec: StoreSpec,
    /// What it last was when it was Ready.
    pub safe_spec: Option<StoreSpec>,
    /// What it was before its versions changed last.
    pub previous: Option<Previous>,
    pub failure: Option<Failure>,
    pub current_operation_id: OperationId,
    pub chart: Option<String>,
    pub revision: Option<i64>,
    /// The images of its workloads, by container.
    pub images: BTreeMap<String, String>,
    pub ready_at: Option<OffsetDateTime>,
    pub deleted_at: Option<OffsetDateTime>,
}

/// The versions before a change of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    pub chart: Option<String>,
    pub image: Option<String>,
    /// Of the change: the same change says it only once.
    pub generation: Generation,
}

/// An operation: what it is, what was reported (`outcomes`, `started_at`), and
/// what follows from that (`status`, `attempt`, `failure`, `finished_at`).
#[derive(Debug, Clone, PartialEq)]
pub struct OperationRecord {
    pub id: OperationId,
    pub store_id: StoreId,
    pub kind: OperationKind,
    pub generation: Generation,
    /// What it asked for; none for a delete.
    pub spec: Option<StoreSpec>,
    pub max_attempts: u32,
    /// From the first step on.
    pub budget: Duration,
    /// Not begun after this moment.
    pub not_after: OffsetDateTime,
    /// Not begun before this moment: a delete that can be undone until then.
    pub not_before: Option<OffsetDateTime>,
    /// Which began it.
    pub request_id: RequestId,

    pub outcomes: Vec<Attempt>,
    /// By the reason that a worker gave for putting it off.
    pub deferrals: BTreeMap<String, Deferral>,
    pub started_at: Option<OffsetDateTime>,
    /// Set when the api itself ended it; then no report changes it any more.
    pub ended_by: Option<EndedBy>,

    pub status: OperationStatus,
    pub attempt: u32,
    pub failure: Option<Failure>,
    pub finished_at: Option<OffsetDateTime>,
}

impl OperationRecord {
    /// When it is given up.
    pub fn deadline_at(&self) -> Option<OffsetDateTime> {
        self.started_at.map(|started| started + self.budget)
    }

    pub fn is_open(&self) -> bool {
        self.status.is_open()
    }

    /// Whether it is open and no worker may begin it yet.
    pub fn is_held(&self, now: OffsetDateTime) -> bool {
        self.is_open() && self.not_before.is_some_and(|at| at > now)
    }
}

/// Which decision of the api ended an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// A delete took its place.
    Delete,
    /// Its deadline passed.
    Deadline,
    /// Its owner cancelled it.
    Cancel,
}

impl EndedBy {
    pub const ALL: [Self; 3] = [Self::Delete, Self::Deadline, Self::Cancel];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Deadline => "Deadline",
            Self::Cancel => "Cancel",
        }
    }
}

/// The latest time that a worker put an operation off for some reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Deferral {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Not before this moment (worker's clock).
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

/// How one attempt ended, in a worker's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub attempt: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    #[serde(flatten)]
    pub ended: Ended,
}

/// The end of an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Ended {
    /// The store serves.
    Ready {
        revision: i64,
        chart: String,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        images: BTreeMap<String, String>,
    },
    /// Nothing of it is left.
    Deleted,
    /// Neither.
    Failed { failure: Failure, changed: bool },
    /// A newer generation is wanted.
    Stopped { newer: Generation },
}

/// One run of a step in an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    pub attempt: u32,
    pub step: Step,
    /// Which run of it in this attempt, in their order.
    pub run: u32,
    pub started_at: Option<OffsetDateTime>,
    pub finished_at: Option<OffsetDateTime>,
    pub outcome: StepOutcome,
    pub changed: bool,
    pub waiting: Option<Waiting>,
}

impl StepRecord {
    /// A run of which nothing is known yet.
    pub fn new(attempt: u32, step: Step, run: u32) -> Self {
        Self {
            attempt,
            step,
            run,
            started_at: None,
            finished_at: None,
            outcome: StepOutcome::Running,
            changed: false,
            waiting: None,
        }
    }

    /// The first that is known of it.
    pub fn began(&self) -> Option<OffsetDateTime> {
        let waited = self.waiting.as_ref().map(|waiting| waiting.at);
        self.started_at.or(waited)
    }

    /// The last that is known of it.
    pub fn last_moved(&self) -> Option<OffsetDateTime> {
        let waited = self.waiting.as_ref().map(|waiting| waiting.at);
        self.started_at.max(self.finished_at).max(waited)
    }
}

/// How far a step is; ordered, a later one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepOutcome {
    Running,
    Done,
    Failed,
}

impl StepOutcome {
    pub const ALL: [Self; 3] = [Self::Running, Self::Done, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Done => "Done",
            Self::Failed => "Failed",
        }
    }
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Failure>,
}
