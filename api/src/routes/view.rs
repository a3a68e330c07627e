//! What the outside sees of a store and its operations. Only turns rows into
//! JSON; no rule is here.

use serde::Serialize;
use shared::contract::observation::{Health, HealthReason};
use shared::failure::{Failure, FailureCode};
use shared::ids::{Generation, OperationId, StoreId};
use shared::operation::{OperationKind, OperationStatus};
use shared::plan::Plan;
use shared::step::Step;
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::db::DbError;
use crate::health;
use crate::record::rows::{UnreadableRow, now, to_u32};
use crate::record::timeline::{Standing, put_off, standing};
use crate::record::{OperationRecord, StepRecord, StoreRecord};
use crate::stores::find::{Found, FoundOperation};

/// A store.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StoreView {
    /// Identity; also its namespace and helm release.
    pub id: StoreId,
    /// Display name.
    #[schema(max_length = 60, example = "My Shop")]
    pub name: String,
    /// What can be said of it now.
    pub status: StoreStatus,
    /// Size.
    pub plan: Plan,
    /// Address of the shop's owner.
    pub admin_email: String,
    /// Host name that the shop answers for.
    #[schema(example = "store-k7q2mx.localhost")]
    pub host: String,
    /// Address of the front page; it answers once the status is Ready.
    #[schema(example = "http://store-k7q2mx.localhost:8080")]
    pub url: String,
    /// Grows with each accepted wish.
    pub generation: Generation,
    /// What is wanted of it: what its newest operation asked for, or, when a change
    /// came to nothing, what it was before.
    pub wanted: WantedView,
    /// What it last was when it was Ready; a change that fails returns to it.
    pub safe: Option<WantedView>,
    /// Why it is Failed or DeleteFailed.
    pub failure: Option<Failure>,
    /// Whether it serves now; Unknown unless it is Ready.
    pub health: HealthView,
    /// The newest operation.
    pub operation: Option<OperationView>,
    /// The chart it was installed from, once Ready.
    pub chart: Option<String>,
    /// helm's revision of its release, once Ready.
    pub revision: Option<i64>,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When this record last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// When it was first Ready.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ready_at: Option<OffsetDateTime>,
    /// When it was gone.
    #[serde(with = "time::serde::rfc3339::option")]
    pub deleted_at: Option<OffsetDateTime>,
}

/// Whether a store serves now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HealthView {
    /// The verdict.
    pub status: Health,
    /// Why it is not Healthy.
    pub reasons: Vec<HealthReason>,
    /// When it was last looked at.
    #[serde(with = "time::serde::rfc3339::option")]
    pub looked_at: Option<OffsetDateTime>,
}

/// What can be changed of a store.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WantedView {
    /// Display name.
    #[schema(max_length = 60, example = "My Shop")]
    pub name: String,
    /// Size.
    pub plan: Plan,
    /// Version of its chart; null for the newest that the workers have.
    #[schema(example = "0.1.0")]
    pub chart: Option<String>,
    /// Tag of its web image; null for the platform's own.
    pub image: Option<String>,
    /// Number of its web pods; null for the platform's own.
    pub replicas: Option<u32>,
}

/// One intent about a store.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OperationView {
    /// Identity.
    pub id: OperationId,
    /// The store.
    pub store_id: StoreId,
    /// What is wanted.
    pub kind: OperationKind,
    /// How far it is.
    pub status: OperationStatus,
    /// Its place in the store's history.
    pub generation: Generation,
    /// What it asked for; null for a delete.
    pub wanted: Option<WantedView>,
    /// The present (or last) attempt, from 1.
    pub attempt: u32,
    /// Attempts that change something, at most.
    pub max_attempts: u32,
    /// Why it, or its last attempt, failed.
    pub failure: Option<Failure>,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When a worker began.
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// When it is given up, if it has begun.
    #[serde(with = "time::serde::rfc3339::option")]
    pub deadline_at: Option<OffsetDateTime>,
    /// From its begin to its end, or to now.
    pub duration_ms: Option<i64>,
    /// Why no worker is at it, while none is.
    pub waiting: Option<PutOffView>,
    /// Its timeline, oldest first.
    pub steps: Vec<StepView>,
}

/// Why a worker put an operation off.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PutOffView {
    /// In one line.
    pub message: String,
    /// It is tried again then.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// When the worker said so.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// One run of a step in an attempt.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StepView {
    /// Which.
    pub step: Step,
    /// Of which attempt.
    pub attempt: u32,
    /// Which run of it in that attempt, from 0: a step is run again after a repair,
    /// and by whoever takes a dead worker's place.
    pub run: u32,
    /// How far it is.
    pub outcome: Standing,
    /// Whether it changed anything in the cluster.
    pub changed: bool,
    /// When it began.
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// From its begin to its end, or to now.
    pub duration_ms: Option<i64>,
    /// What it waits for, while it does.
    pub waiting: Option<WaitingView>,
}

/// What a step waits for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WaitingView {
    /// In one line.
    pub message: String,
    /// The cause's code, where it is one that can end in a failure.
    pub code: Option<FailureCode>,
    /// What to do about it.
    pub next_action: Option<String>,
    /// When it was seen.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl StoreView {
    /// # Errors
    /// A row that this build cannot read.
    pub fn of(found: &Found) -> Result<Self, DbError> {
        let row = &found.store;
        let record = StoreRecord::try_from(row)?;
        let operation = found.operation.as_ref();
        let ready_since = operation.and_then(|found| found.operation.finished_at);
        let health = health::shown(row, record.status, ready_since)?;
        Ok(Self {
            id: record.id,
            name: row.name.clone(),
            status: record.status,
            plan: record.spec.plan,
            admin_email: row.admin_email.clone(),
            host: row.host.clone(),
            url: row.url.clone(),
            generation: record.generation,
            wanted: WantedView::of(&record.spec),
            safe: record.safe_spec.as_ref().map(WantedView::of),
            failure: record.failure,
            health: HealthView {
                status: health.health,
                reasons: health.reasons,
                looked_at: health.looked_at,
            },
            operation: found
                .operation
                .as_ref()
                .map(OperationView::of)
                .transpose()?,
            chart: record.chart,
            revision: record.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
            ready_at: row.ready_at,
            deleted_at: row.deleted_at,
        })
    }
}

impl WantedView {
    fn of(spec: &StoreSpec) -> Self {
        Self {
            name: spec.name.to_string(),
            plan: spec.plan,
            chart: spec.chart.clone(),
            image: spec.image.clone(),
            replicas: spec.replicas,
        }
    }
}

impl OperationView {
    /// # Errors
    /// A row that this build cannot read.
    pub fn of(found: &FoundOperation) -> Result<Self, DbError> {
        let row = &found.operation;
        let record = OperationRecord::try_from(row)?;
        let steps: Result<Vec<_>, UnreadableRow> =
            found.steps.iter().map(StepRecord::try_from).collect();
        let steps = steps?;
        Ok(Self {
            id: record.id,
            store_id: record.store_id.clone(),
            kind: record.kind,
            status: record.status,
            generation: record.generation,
            wanted: record.spec.as_ref().map(WantedView::of),
            attempt: record.attempt,
            max_attempts: to_u32("operations.max_attempts", row.max_attempts)?,
            failure: record.failure.clone(),
            created_at: row.created_at,
            started_at: record.started_at,
            finished_at: record.finished_at,
            deadline_at: record.deadline_at(),
            duration_ms: duration_ms(record.started_at, record.finished_at),
            waiting: put_off(&record, &steps).map(|(message, last)| PutOffView {
                message: message.to_owned(),
                until: last.until,
                at: last.at,
            }),
            steps: steps
                .iter()
                .map(|step| StepView::of(step, &steps, &record))
                .collect(),
        })
    }
}

impl StepView {
    fn of(step: &StepRecord, all: &[StepRecord], operation: &OperationRecord) -> Self {
        let (outcome, finished_at) = standing(step, all, operation);
        let waiting = step
            .waiting
            .as_ref()
            .filter(|_| outcome == Standing::Running);
        Self {
            step: step.step,
            attempt: step.attempt,
            run: step.run,
            outcome,
            changed: step.changed,
            started_at: step.started_at,
            finished_at,
            duration_ms: duration_ms(step.started_at, finished_at),
            waiting: waiting.map(|waiting| WaitingView {
                message: waiting.message.clone(),
                code: waiting.cause.as_ref().map(|cause| cause.code),
                next_action: waiting
                    .cause
                    .as_ref()
                    .map(|cause| cause.next_action.clone()),
                at: waiting.at,
            }),
        }
    }
}

/// Never negative, though the clocks are two.
fn duration_ms(from: Option<OffsetDateTime>, to: Option<OffsetDateTime>) -> Option<i64> {
    let took = to.unwrap_or_else(now) - from?;
    Some(
        i64::try_from(took.whole_milliseconds())
            .unwrap_or(i64::MAX)
            .max(0),
    )
}
