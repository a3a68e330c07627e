//! What the outside sees of an operation and its steps. Only turns rows into JSON.

use serde::Serialize;
use shared::failure::{Failure, FailureCode};
use shared::ids::{Generation, OperationId, StoreId};
use shared::operation::{OperationKind, OperationStatus};
use shared::step::Step;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::db::DbError;
use crate::pulse::Pulse;
use crate::record::rows::{UnreadableRow, now, to_u32};
use crate::record::timeline::{Standing, put_off, standing};
use crate::record::{OperationRecord, StepRecord};
use crate::routes::view::WantedView;
use crate::stores::find::FoundOperation;

const FREE_WORKER: &str = "It waits for a free worker.";
const HELD: &str = "It is removed then; until then a cancel keeps it.";
const PAUSE: &str = "The last attempt failed; it is tried again after a pause.";
const ABOUT_TO_BE_SENT: &str = "Its command is about to be sent to a worker.";
const BROKER_AWAY: &str =
    "RabbitMQ does not answer; its command is kept, and sent when that is back.";
const CROWDED: &str =
    "As many operations are under way as may be at once; its turn comes after them.";
/// A command that is not sent for so long has something in its way.
const MOMENT: time::Duration = time::Duration::seconds(2);

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
    /// Not begun before then: a delete, which a cancel undoes until then.
    #[serde(with = "time::serde::rfc3339::option")]
    pub not_before: Option<OffsetDateTime>,
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

/// Why no worker is at an open operation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PutOffView {
    /// In one line.
    pub message: String,
    /// It is tried again then; null where that depends on others.
    #[serde(with = "time::serde::rfc3339::option")]
    pub until: Option<OffsetDateTime>,
    /// Since when it is so.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Its command was not sent, though its time has come.
    #[serde(skip)]
    pub unsent: bool,
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
            not_before: record.not_before,
            started_at: record.started_at,
            finished_at: record.finished_at,
            deadline_at: record.deadline_at(),
            duration_ms: duration_ms(record.started_at, record.finished_at),
            waiting: waiting(found, &record, &steps),
            steps: steps
                .iter()
                .map(|step| StepView::of(step, &steps, &record))
                .collect(),
        })
    }
}

impl OperationView {
    /// Whether it and all its steps have ended.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let ended = |step: &StepView| step.started_at.is_none() || step.finished_at.is_some();
        self.finished_at.is_some()
            && !self.status.is_open()
            && self.waiting.is_none()
            && self.steps.iter().all(ended)
    }

    /// Say more exactly why a command is not sent, as this api sees RabbitMQ.
    #[must_use]
    pub fn seen(mut self, pulse: &Pulse) -> Self {
        if let Some(waiting) = self.waiting.as_mut().filter(|waiting| waiting.unsent) {
            if !pulse.publishing() {
                BROKER_AWAY.clone_into(&mut waiting.message);
            } else if now() - waiting.at > MOMENT {
                CROWDED.clone_into(&mut waiting.message);
            }
        }
        self
    }
}

/// What an operation waits for while no worker is at it: what a worker said when
/// it put it off, or where its command is.
fn waiting(
    found: &FoundOperation,
    record: &OperationRecord,
    steps: &[StepRecord],
) -> Option<PutOffView> {
    let view = |message: &str, until, at| PutOffView {
        message: message.to_owned(),
        until,
        at,
        unsent: false,
    };
    if record.is_held(now()) {
        return Some(view(HELD, record.not_before, found.operation.created_at));
    }
    if let Some((message, last)) = put_off(record, steps) {
        return Some(view(message, Some(last.until), last.at));
    }
    let command = found.command.as_ref().filter(|_| record.is_open())?;
    let attempt = u32::try_from(command.attempt).unwrap_or(u32::MAX);
    if steps.iter().any(|step| step.attempt == attempt) {
        return None;
    }
    Some(match command.dispatched_at {
        Some(sent) => view(FREE_WORKER, None, sent),
        None if command.next_attempt_at > now() => {
            let last = record.outcomes.iter().map(|attempt| attempt.at).max();
            let since = last.unwrap_or(found.operation.created_at);
            view(PAUSE, Some(command.next_attempt_at), since)
        }
        None => PutOffView {
            unsent: true,
            ..view(ABOUT_TO_BE_SENT, None, command.next_attempt_at)
        },
    })
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
