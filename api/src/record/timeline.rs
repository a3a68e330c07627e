//! How an operation's steps stand, seen together: which of them still runs,
//! which was left by a worker that died. Pure; nothing here is stored, so the
//! order in which reports came plays no part.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::record::{Deferral, OperationRecord, StepOutcome, StepRecord};

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StepOutcomeView)]
pub enum Standing {
    /// On its way.
    Running,
    /// Done.
    Done,
    /// The attempt ended here.
    Failed,
    /// It never ended, and another run or step followed: its worker died.
    Interrupted,
    /// The attempt or the operation ended before it did.
    Stopped,
}

/// How a step stands among all of its operation's, and when it ended: never before
/// it began, though its end may be told by another machine's clock (a cancel's is
/// the api's own).
pub fn standing(
    step: &StepRecord,
    all: &[StepRecord],
    operation: &OperationRecord,
) -> (Standing, Option<OffsetDateTime>) {
    let (standing, ended) = by_their_clocks(step, all, operation);
    (
        standing,
        ended.map(|at| step.began().map_or(at, |began| at.max(began))),
    )
}

fn by_their_clocks(
    step: &StepRecord,
    all: &[StepRecord],
    operation: &OperationRecord,
) -> (Standing, Option<OffsetDateTime>) {
    match step.outcome {
        StepOutcome::Done => return (Standing::Done, step.finished_at),
        StepOutcome::Failed => return (Standing::Failed, step.finished_at),
        StepOutcome::Running => {}
    }
    if let Some(followed_at) = followed_at(step, all) {
        return (Standing::Interrupted, Some(followed_at));
    }
    let mut attempts = operation.outcomes.iter();
    let ended = attempts.find(|outcome| outcome.attempt == step.attempt);
    match ended.map(|outcome| outcome.at).or(operation.finished_at) {
        Some(over) => (Standing::Stopped, Some(over)),
        None => (Standing::Running, None),
    }
}

/// Why nobody works on an open operation at the moment, in the words of the
/// worker that put it off last; nothing once any step moved after that.
pub fn put_off<'a>(
    operation: &'a OperationRecord,
    steps: &[StepRecord],
) -> Option<(&'a str, Deferral)> {
    let last = operation
        .deferrals
        .iter()
        .map(|(reason, last)| (last, reason));
    let (last, reason) = last.max().filter(|_| operation.is_open())?;
    let moved = steps.iter().filter_map(StepRecord::last_moved).max();
    let ended = operation.outcomes.iter().map(|attempt| attempt.at).max();
    (Some(last.at) > moved.max(ended)).then_some((reason.as_str(), *last))
}

/// When the next run or step of the same attempt began, if one did; never before
/// the step itself, though their clocks may be two.
fn followed_at(step: &StepRecord, all: &[StepRecord]) -> Option<OffsetDateTime> {
    let begin = step.began()?;
    let followers = all.iter().filter(|other| other.attempt == step.attempt);
    let begins = followers.filter_map(|other| {
        let at = other.began()?;
        let is_later_run = other.step == step.step && other.run > step.run;
        let is_later_step = other.step != step.step && at > begin;
        (is_later_run || is_later_step).then_some(at.max(begin))
    });
    begins.min()
}

#[cfg(test)]
mod tests {
    use shared::contract::event::EventBody;
    use shared::operation::OperationKind;
    use shared::step::Step;

    use super::*;
    use crate::projector::tests::{at, ready, records};
    use crate::projector::{rule::project, tests::event};

    fn run(step: Step, run: u32, from: i64, to: Option<i64>) -> StepRecord {
        let mut record = StepRecord::new(1, step, run);
        record.started_at = Some(at(from));
        record.finished_at = to.map(at);
        if to.is_some() {
            record.outcome = StepOutcome::Done;
        }
        record
    }

    #[test]
    fn what_a_dead_worker_left_ends_where_the_next_one_begins() {
        let (_, operation) = records(OperationKind::Create);
        let dead = run(Step::Release, 0, 10, None);
        let again = run(Step::Release, 1, 40, None);
        let other = run(Step::Namespace, 1, 35, Some(36));
        let behind = run(Step::Release, 1, 5, None);
        let mut next_attempt = again.clone();
        next_attempt.attempt = 2;
        let interrupted = |n| (Standing::Interrupted, Some(at(n)));
        let running = (Standing::Running, None);
        for (step, others, expected) in [
            (&dead, vec![], running),
            (&dead, vec![&again], interrupted(40)),
            (&dead, vec![&again, &other], interrupted(35)),
            (&dead, vec![&run(Step::Namespace, 0, 1, Some(2))], running),
            // The other machine's clock is behind.
            (&dead, vec![&behind], interrupted(10)),
            (&dead, vec![&next_attempt], running),
            (&again, vec![&dead], running),
            (&other, vec![&again], (Standing::Done, Some(at(36)))),
        ] {
            let all: Vec<StepRecord> = others.into_iter().chain([step]).cloned().collect();
            assert_eq!(standing(step, &all, &operation), expected, "{step:?}");
        }
    }

    #[test]
    fn no_step_ends_before_it_begins_whatever_the_clocks_say() {
        let (_, operation) = records(OperationKind::Create);
        let mut cancelled = operation;
        cancelled.finished_at = Some(at(10));
        let late = run(Step::Release, 0, 12, None);
        let done = run(Step::Release, 0, 12, Some(11));
        let mut failed = done.clone();
        failed.outcome = StepOutcome::Failed;
        for (step, expected) in [
            (&late, Standing::Stopped),
            (&done, Standing::Done),
            (&failed, Standing::Failed),
        ] {
            let all = std::slice::from_ref(step);
            assert_eq!(standing(step, all, &cancelled), (expected, Some(at(12))));
        }
    }

    #[test]
    fn a_deferral_is_shown_until_a_step_moves_or_the_operation_ends() {
        let (store, fresh) = records(OperationKind::Create);
        let deferred = |second: i64, reason: &str| EventBody::Deferred {
            until: at(second + 60),
            reason: reason.to_owned(),
        };
        let tell = |operation: &OperationRecord, second, body| {
            let event = event(operation, 1, second, body);
            project(&store, operation, None, &event).unwrap().operation
        };
        let once = tell(&fresh, 20, deferred(20, "held"));
        let twice = tell(&once, 10, deferred(10, "the worker stops"));
        let shown = |operation, steps: &[StepRecord]| {
            put_off(operation, steps).map(|(reason, last)| (reason.to_owned(), last.at))
        };
        let held = Some(("held".to_owned(), at(20)));

        assert_eq!(shown(&fresh, &[]), None);
        assert_eq!(shown(&twice, &[]), held);
        assert_eq!(shown(&twice, &[run(Step::Release, 0, 5, Some(19))]), held);
        assert_eq!(shown(&twice, &[run(Step::Release, 0, 5, Some(21))]), None);
        assert_eq!(shown(&tell(&twice, 30, ready()), &[]), None);
    }

    #[test]
    fn a_step_that_its_attempts_end_met_is_stopped_there() {
        let (store, operation) = records(OperationKind::Create);
        let end = event(&operation, 1, 90, ready());
        let operation = project(&store, &operation, None, &end).unwrap().operation;
        let (first, second) = (
            run(Step::Release, 0, 10, None),
            run(Step::Release, 1, 40, None),
        );
        let all = [first.clone(), second.clone()];
        assert_eq!(
            standing(&second, &all, &operation),
            (Standing::Stopped, Some(at(90)))
        );
        assert_eq!(
            standing(&first, &all, &operation),
            (Standing::Interrupted, Some(at(40)))
        );
    }
}
