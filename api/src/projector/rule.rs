//! The rule: (store, operation, step, event) → the records after it. Pure.
//!
//! It is commutative: an event only adds facts (the earliest start, the end of
//! an attempt, a step's times), each joined by a minimum or a maximum, and all
//! that people see is computed from the facts. So any order and repetition of
//! a store's events gives the same record.

use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::fault;
use shared::ids::Generation;
use shared::operation::OperationKind;
use time::OffsetDateTime;

use crate::projector::settle::{self, join_outcome};
use crate::projector::status;
use crate::projector::timeline;
use crate::record::{Attempt, Deferral, Ended, OperationRecord, StepRecord, StoreRecord};

/// What an event changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// The operation afterwards.
    pub operation: OperationRecord,
    /// The store afterwards; the same value where the event is not about its
    /// present generation.
    pub store: StoreRecord,
    /// The step that the event is about.
    pub step: Option<StepRecord>,
    /// What becomes of the operation's command.
    pub command: CommandChange,
}

/// What becomes of an operation's command in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandChange {
    /// It stays as it is.
    Keep,
    /// Its operation is closed: nothing is left to say.
    Settle,
    /// Another try, after a pause that grows with `failures`.
    Retry { attempt: u32, failures: u32 },
    /// The same try again, not before this moment, uncounted.
    Defer { until: OffsetDateTime },
    /// The same try under a higher generation: our record was behind the
    /// cluster's (a restored database).
    Reissue { generation: Generation },
}

/// An event that cannot belong to its operation; it is parked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a `{event}` event does not fit a `{}` operation", kind.as_str())]
pub struct Unfit {
    event: &'static str,
    kind: OperationKind,
}

/// The records after an event. `step` is what is known of the event's step.
pub fn project(
    store: &StoreRecord,
    operation: &OperationRecord,
    step: Option<&StepRecord>,
    event: &Envelope<EventBody>,
) -> Result<Changes, Unfit> {
    fits(operation.kind, &event.body)?;
    let mut changes = Changes {
        operation: operation.clone(),
        store: store.clone(),
        step: timeline::after(step, event),
        command: CommandChange::Keep,
    };
    // Said under a generation that the operation itself has left behind, or
    // after the api ended it: only the timeline takes it.
    let unguarded = fault::without("projector-generation");
    if !unguarded && (event.generation < operation.generation || operation.ended_by.is_some()) {
        return Ok(changes);
    }
    if let Some(generation) = overtaken(store, operation, event) {
        changes.operation.generation = generation;
        changes.store.generation = generation;
        changes.command = CommandChange::Reissue { generation };
        return Ok(changes);
    }

    add_facts(&mut changes.operation, event);
    let settled = settle::from_facts(&changes.operation);
    changes.command = command_change(operation, &settled, event);
    settled.put_into(&mut changes.operation);
    let current =
        event.generation == store.generation && store.current_operation_id == operation.id;
    if current || unguarded {
        status::follow(&mut changes.store, &changes.operation);
    }
    Ok(changes)
}

fn fits(kind: OperationKind, event: &EventBody) -> Result<(), Unfit> {
    let is_delete = kind == OperationKind::Delete;
    let fits = match event {
        EventBody::Ready { .. } => !is_delete,
        EventBody::Deleted => is_delete,
        EventBody::StepStarted { .. }
        | EventBody::StepWaiting { .. }
        | EventBody::StepFinished { .. }
        | EventBody::Failed { .. }
        | EventBody::Stopped { .. }
        | EventBody::Deferred { .. } => true,
    };
    if fits {
        Ok(())
    } else {
        let event = event.kind();
        Err(Unfit { event, kind })
    }
}

/// A generation above the cluster's, where the cluster knows a newer one than
/// our own record does.
fn overtaken(
    store: &StoreRecord,
    operation: &OperationRecord,
    event: &Envelope<EventBody>,
) -> Option<Generation> {
    match event.body {
        EventBody::Stopped { newer }
            if newer > store.generation
                && operation.is_open()
                && store.current_operation_id == operation.id =>
        {
            Some(newer.next())
        }
        _ => None,
    }
}

fn add_facts(operation: &mut OperationRecord, event: &Envelope<EventBody>) {
    let at = event.sent_at;
    let ended = match &event.body {
        EventBody::StepStarted { .. } => {
            let earliest = operation.started_at.map_or(at, |known| known.min(at));
            operation.started_at = Some(earliest);
            return;
        }
        EventBody::Deferred { until, reason } => {
            let new = Deferral { at, until: *until };
            let known = operation.deferrals.entry(reason.clone()).or_insert(new);
            *known = new.max(*known);
            return;
        }
        EventBody::StepWaiting { .. } | EventBody::StepFinished { .. } => return,
        EventBody::Ready {
            revision,
            chart,
            images,
        } => Ended::Ready {
            revision: *revision,
            chart: chart.clone(),
            images: images.clone(),
        },
        EventBody::Deleted => Ended::Deleted,
        EventBody::Failed {
            failure, changed, ..
        } => Ended::Failed {
            failure: failure.clone(),
            changed: *changed,
        },
        EventBody::Stopped { newer } => Ended::Stopped { newer: *newer },
    };
    let attempt = event.attempt;
    join_outcome(&mut operation.outcomes, Attempt { attempt, at, ended });
}

fn command_change(
    before: &OperationRecord,
    settled: &settle::Settled,
    event: &Envelope<EventBody>,
) -> CommandChange {
    if !settled.status.is_open() {
        return CommandChange::Settle;
    }
    if settled.attempt > before.attempt {
        return CommandChange::Retry {
            attempt: settled.attempt,
            failures: settled.failures,
        };
    }
    match event.body {
        EventBody::Deferred { until, .. } if event.attempt == settled.attempt => {
            CommandChange::Defer { until }
        }
        _ => CommandChange::Keep,
    }
}
