//! worker → api: what was done and seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::contract::envelope::Envelope;
use crate::failure::Failure;
use crate::ids::{EventId, Generation, MessageId, OperationId};
use crate::step::Step;

/// One fact about one try of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventBody {
    /// A step begins; the first one makes the operation Running.
    StepStarted {
        /// Which.
        step: Step,
        /// Which run of the step in this try, in their order: a step is run again
        /// after a repair, and by whoever takes a dead worker's place.
        #[serde(default, skip_serializing_if = "is_zero")]
        run: u32,
    },
    /// A step waits, and this is what for; shown while it lasts.
    StepWaiting {
        /// Which.
        step: Step,
        /// Which run of the step in this try, in their order: a step is run again
        /// after a repair, and by whoever takes a dead worker's place.
        #[serde(default, skip_serializing_if = "is_zero")]
        run: u32,
        /// What is missing, in one line.
        message: String,
        /// The cause, where it is one that can end in a failure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Failure>,
    },
    /// A step is over, and the try goes on: it is done, or another mends what it
    /// could not do.
    StepFinished {
        /// Which.
        step: Step,
        /// Which run of the step in this try, in their order: a step is run again
        /// after a repair, and by whoever takes a dead worker's place.
        #[serde(default, skip_serializing_if = "is_zero")]
        run: u32,
        /// Whether it changed anything in the cluster.
        changed: bool,
        /// Whether it ended without its effect; what follows is the way back.
        #[serde(default, skip_serializing_if = "is_false")]
        failed: bool,
    },
    /// The goal is true: the shop answered from outside, or it rests as was wanted.
    /// Ends the operation.
    Ready {
        /// helm's revision of the release.
        revision: i64,
        /// The chart, name and version.
        chart: String,
        /// The images of its workloads, by container.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        images: BTreeMap<String, String>,
    },
    /// Namespace, release and volumes are gone. Ends the operation.
    Deleted,
    /// This try ended without the goal; the api decides about another one.
    Failed {
        /// Why.
        failure: Failure,
        /// Whether anything was changed: only such tries count.
        changed: bool,
        /// Which run of the failure's step it was.
        #[serde(default, skip_serializing_if = "is_zero")]
        run: u32,
    },
    /// Stopped, because a newer generation is wanted.
    Stopped {
        /// The generation that was found on the store's Lease.
        newer: Generation,
    },
    /// Not begun: somebody else has the store. To be sent again, uncounted.
    Deferred {
        /// Not before this moment (worker's clock).
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
        /// Why, in one line.
        reason: String,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(run: &u32) -> bool {
    *run == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl EventBody {
    /// The kind's name, for logs and the audit.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::StepStarted { .. } => "StepStarted",
            Self::StepWaiting { .. } => "StepWaiting",
            Self::StepFinished { .. } => "StepFinished",
            Self::Ready { .. } => "Ready",
            Self::Deleted => "Deleted",
            Self::Failed { .. } => "Failed",
            Self::Stopped { .. } => "Stopped",
            Self::Deferred { .. } => "Deferred",
        }
    }

    /// Whether a worker is done with the try after saying this.
    #[must_use]
    pub fn settles(&self) -> bool {
        match self {
            Self::StepStarted { .. } | Self::StepWaiting { .. } | Self::StepFinished { .. } => {
                false
            }
            Self::Ready { .. }
            | Self::Deleted
            | Self::Failed { .. }
            | Self::Stopped { .. }
            | Self::Deferred { .. } => true,
        }
    }

    /// The event's identity: the same fact about the same try is the same
    /// event, however often and by whomever it is said.
    #[must_use]
    pub fn id(&self, operation: OperationId, attempt: u32) -> EventId {
        let (step, run, outcome) = match self {
            Self::StepStarted { step, run } => (step.as_str(), *run, String::new()),
            Self::StepWaiting {
                step,
                run,
                message,
                cause,
            } => {
                let code = cause.as_ref().map_or("", |cause| cause.code.as_str());
                (step.as_str(), *run, format!("{code}:{message}"))
            }
            Self::StepFinished {
                step,
                run,
                changed,
                failed,
            } => {
                let failed = if *failed { ":failed" } else { "" };
                (step.as_str(), *run, format!("{changed}{failed}"))
            }
            Self::Ready { .. } | Self::Deleted => ("", 0, String::new()),
            Self::Failed { failure, run, .. } => (
                failure.step.map_or("", Step::as_str),
                *run,
                failure.code.as_str().to_owned(),
            ),
            Self::Stopped { newer } => ("", 0, newer.to_string()),
            Self::Deferred { until, .. } => ("", 0, until.unix_timestamp_nanos().to_string()),
        };
        let run = if run == 0 {
            String::new()
        } else {
            format!("#{run}")
        };
        let name = format!("{attempt}/{step}{run}/{}/{outcome}", self.kind());
        EventId(Uuid::new_v5(&operation.0, name.as_bytes()))
    }
}

impl Envelope<EventBody> {
    /// The event's identity, which is also the message's.
    #[must_use]
    pub fn event_id(&self) -> EventId {
        EventId(self.id.0)
    }
}

/// The event that answers a command's envelope.
#[must_use]
pub fn event_for<T>(
    command: &Envelope<T>,
    sent_at: OffsetDateTime,
    body: EventBody,
) -> Envelope<EventBody> {
    let id = body.id(command.operation_id, command.attempt);
    command.reply(MessageId(id.0), sent_at, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_fact_is_the_same_event_and_another_is_not() {
        let operation = OperationId::new();
        let run = |run| EventBody::StepStarted {
            step: Step::Release,
            run,
        };
        let started = run(0);

        assert_eq!(started.id(operation, 1), started.id(operation, 1));
        assert_ne!(started.id(operation, 1), started.id(operation, 2));
        assert_ne!(started.id(operation, 1), started.id(OperationId::new(), 1));
        assert_ne!(
            started.id(operation, 1),
            EventBody::StepFinished {
                step: Step::Release,
                run: 0,
                changed: true,
                failed: false,
            }
            .id(operation, 1)
        );
        assert_ne!(started.id(operation, 1), run(1).id(operation, 1));
    }
}
