//! From the facts about an operation to what people see of it. Pure; the order
//! in which the facts came plays no part.

use shared::failure::{Failure, FailureCode};
use shared::operation::OperationStatus;
use time::OffsetDateTime;

use crate::record::{Attempt, Ended, OperationRecord};

/// What follows from an operation's facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    pub status: OperationStatus,
    pub attempt: u32,
    /// Attempts that failed so far.
    pub failures: u32,
    pub failure: Option<Failure>,
    pub finished_at: Option<OffsetDateTime>,
}

impl Settled {
    /// Write it into the record.
    pub fn put_into(self, operation: &mut OperationRecord) {
        operation.status = self.status;
        operation.attempt = self.attempt;
        operation.failure = self.failure;
        operation.finished_at = self.finished_at;
    }
}

/// Add the end of an attempt. Two ends of one attempt (which a worker's lease
/// rules out) are joined, so that the sequence does not matter and a closed
/// operation never opens again.
pub fn join_outcome(outcomes: &mut Vec<Attempt>, new: Attempt) {
    match outcomes.binary_search_by_key(&new.attempt, |known| known.attempt) {
        Err(place) => outcomes.insert(place, new),
        Ok(place) => {
            let known = outcomes.remove(place);
            outcomes.insert(place, join(known, new));
        }
    }
}

/// A reached goal wins over a stop over a failure. Of two of a kind the earlier
/// wins, but for failures, whose worst parts add up.
fn join(one: Attempt, other: Attempt) -> Attempt {
    let key = |attempt: &Attempt| (rank(&attempt.ended), text(&attempt.ended));
    let (lesser, mut greater) = if key(&one) <= key(&other) {
        (one, other)
    } else {
        (other, one)
    };
    match (&lesser.ended, &mut greater.ended) {
        (Ended::Failed { changed, .. }, Ended::Failed { changed: also, .. }) => {
            *also |= *changed;
            greater.at = greater.at.max(lesser.at);
        }
        (weaker, stronger) if rank(weaker) == rank(stronger) => {
            greater.at = greater.at.min(lesser.at);
        }
        _ => {}
    }
    greater
}

fn rank(ended: &Ended) -> u8 {
    match ended {
        Ended::Ready { .. } | Ended::Deleted => 3,
        Ended::Stopped { .. } => 2,
        Ended::Failed { failure, .. } => u8::from(!failure.retryable),
    }
}

/// Any fixed choice between two that say the same in other words.
fn text(ended: &Ended) -> String {
    let said = match ended {
        Ended::Failed { failure, .. } => serde_json::to_string(failure),
        Ended::Ready { .. } | Ended::Deleted | Ended::Stopped { .. } => {
            serde_json::to_string(ended)
        }
    };
    said.unwrap_or_default()
}

/// What follows from the facts: a reached goal before a stop before a failure
/// that ends it before another try.
pub fn from_facts(operation: &OperationRecord) -> Settled {
    let failures = failures(operation);
    let last = operation.outcomes.last().map_or(0, |last| last.attempt);
    let closed = |status, attempt, failure, at| Settled {
        status,
        attempt,
        failures,
        failure,
        finished_at: Some(at),
    };
    if let Some(reached) = first(operation, |ended| {
        matches!(ended, Ended::Ready { .. } | Ended::Deleted)
    }) {
        return closed(
            OperationStatus::Succeeded,
            reached.attempt,
            None,
            reached.at,
        );
    }
    if let Some(stop) = first(operation, |ended| matches!(ended, Ended::Stopped { .. })) {
        return closed(OperationStatus::Superseded, stop.attempt, None, stop.at);
    }
    if let Some((end, failure)) = final_failure(operation) {
        return closed(OperationStatus::Failed, end.attempt, Some(failure), end.at);
    }
    Settled {
        status: if operation.started_at.is_some() {
            OperationStatus::Running
        } else {
            OperationStatus::Queued
        },
        attempt: last + 1,
        failures,
        failure: last_failure(operation).cloned(),
        finished_at: None,
    }
}

fn first(operation: &OperationRecord, is: impl Fn(&Ended) -> bool) -> Option<&Attempt> {
    operation.outcomes.iter().find(|attempt| is(&attempt.ended))
}

fn failures(operation: &OperationRecord) -> u32 {
    let failed = operation
        .outcomes
        .iter()
        .filter(|attempt| matches!(attempt.ended, Ended::Failed { .. }));
    u32::try_from(failed.count()).unwrap_or(u32::MAX)
}

fn last_failure(operation: &OperationRecord) -> Option<&Failure> {
    operation
        .outcomes
        .iter()
        .rev()
        .find_map(|attempt| match &attempt.ended {
            Ended::Failed { failure, .. } => Some(failure),
            Ended::Ready { .. } | Ended::Deleted | Ended::Stopped { .. } => None,
        })
}

/// The first failure after which there is no other try: one that a retry cannot
/// cure, the last counted attempt, or one past the deadline.
fn final_failure(operation: &OperationRecord) -> Option<(&Attempt, Failure)> {
    let mut counted = 0;
    for attempt in &operation.outcomes {
        let Ended::Failed { failure, changed } = &attempt.ended else {
            continue;
        };
        counted += u32::from(*changed);
        let late = operation
            .deadline_at()
            .is_some_and(|deadline| attempt.at > deadline);
        if !failure.retryable || counted >= operation.max_attempts || late {
            return Some((attempt, failure.clone()));
        }
    }
    None
}

/// What is said of an operation that ran out of time: the last thing known.
pub fn timeout_failure(operation: &OperationRecord, last_words: Option<&str>) -> Failure {
    let mut failure = match (operation.started_at, last_words) {
        (None, _) => Failure::new(FailureCode::Timeout, "No worker began in time."),
        (Some(_), None) => Failure::new(FailureCode::Timeout, ""),
        (Some(_), Some(words)) => Failure::new(FailureCode::Timeout, format!("Last seen: {words}")),
    };
    if let Some(known) = last_failure(operation) {
        failure.step = known.step;
        failure.evidence.clone_from(&known.evidence);
    }
    failure
}
