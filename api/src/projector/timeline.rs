//! What an event adds to its run of a step: the earliest start, the furthest outcome with
//! its earliest time, the latest wait. Pure, commutative and idempotent, also
//! without the inbox.

use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::step::Step;
use time::OffsetDateTime;

use crate::record::{StepOutcome, StepRecord, Waiting};

/// The step that an event is about, and which run of it.
pub fn step_of(event: &EventBody) -> Option<(Step, u32)> {
    match event {
        EventBody::StepStarted { step, run, .. }
        | EventBody::StepWaiting { step, run, .. }
        | EventBody::StepFinished { step, run, .. } => Some((*step, *run)),
        EventBody::Failed { failure, run, .. } => failure.step.map(|step| (step, *run)),
        EventBody::Ready { .. }
        | EventBody::Deleted
        | EventBody::Stopped { .. }
        | EventBody::Deferred { .. } => None,
    }
}

/// The run of the step after the event.
pub fn after(known: Option<&StepRecord>, event: &Envelope<EventBody>) -> Option<StepRecord> {
    let (step, run) = step_of(&event.body)?;
    let mut record = known
        .cloned()
        .unwrap_or_else(|| StepRecord::new(event.attempt, step, run));
    let at = event.sent_at;
    match &event.body {
        EventBody::StepStarted { .. } => {
            record.started_at = Some(record.started_at.map_or(at, |known| known.min(at)));
        }
        EventBody::StepWaiting { message, cause, .. } => {
            let waiting = Waiting {
                at,
                message: message.clone(),
                cause: cause.clone(),
            };
            let newer = record
                .waiting
                .as_ref()
                .is_none_or(|known| (known.at, &known.message) < (at, &waiting.message));
            if newer {
                record.waiting = Some(waiting);
            }
        }
        EventBody::StepFinished {
            changed, failed, ..
        } => {
            record.changed |= changed;
            let outcome = if *failed {
                StepOutcome::Failed
            } else {
                StepOutcome::Done
            };
            finish(&mut record, outcome, at);
        }
        EventBody::Failed { .. } => finish(&mut record, StepOutcome::Failed, at),
        EventBody::Ready { .. }
        | EventBody::Deleted
        | EventBody::Stopped { .. }
        | EventBody::Deferred { .. } => {}
    }
    Some(record)
}

fn finish(record: &mut StepRecord, outcome: StepOutcome, at: OffsetDateTime) {
    let earliest = match record.finished_at {
        Some(known) if record.outcome == outcome => known.min(at),
        Some(known) if record.outcome > outcome => known,
        Some(_) | None => at,
    };
    record.finished_at = Some(earliest);
    record.outcome = record.outcome.max(outcome);
}
