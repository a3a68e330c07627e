//! Goal × what was seen × what was taken → what is next. Pure: the one place
//! where the order of steps and every "then what?" stands.

mod back;

use std::time::Duration;

use shared::contract::command::{Command, Goal};
use shared::failure::{Failure, FailureCode};
use shared::step::Step;

use crate::cluster::leaving::Holder;
use crate::cluster::rollout::Rollout;
use crate::converge::observed::{Cause, Found, Namespace, Observed};
use crate::converge::taken::Taken;
use crate::helm::{Release, ReleaseStatus};
use crate::settings::Patience;

/// A repair or install that came to its end this often without being seen done
/// will not be done by once more.
const ENOUGH: u32 = 3;
/// A step that this often found something else than was seen just before.
const SURPRISES: u32 = 10;

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// One effect.
    Do(Step),
    /// Nothing; look again when something changed.
    Wait(Waiting),
    /// The goal is true.
    Done,
    /// This try cannot reach it.
    Stuck(Failure),
    /// Nor can it; but before it ends, what served before has to serve again.
    GiveUp(Failure),
    /// That serves again: this try ends.
    Back(Failure),
}

/// A wait, as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// In which step.
    pub step: Step,
    /// For what, in one line.
    pub message: String,
    /// The cause, where it is one that can end in a failure.
    pub cause: Option<Failure>,
}

impl Next {
    fn wait(step: Step, message: impl Into<String>) -> Self {
        Self::Wait(Waiting {
            step,
            message: message.into(),
            cause: None,
        })
    }
}

/// What is next.
#[must_use]
pub fn decide(command: &Command, seen: &Observed, taken: &Taken, patience: &Patience) -> Next {
    let next = match command.goal {
        Goal::Absent => absent(command, seen, taken, patience),
        Goal::Present { .. } => present(command, seen, taken, patience),
    };
    match next {
        Next::Do(step) => bounded(step, taken),
        Next::Stuck(failure) if back::is_open(seen, taken, &failure) => Next::GiveUp(failure),
        other => other,
    }
}

/// An effect that failed, or that goes on without end, is the end of the try.
fn bounded(step: Step, taken: &Taken) -> Next {
    if let Some(failure) = taken.failure(step) {
        return Next::Stuck(failure.clone().in_step(step));
    }
    let code = match step {
        Step::Unlock | Step::Reset => FailureCode::ReleaseLocked,
        Step::Release | Step::Rollback => FailureCode::ReleaseFailed,
        Step::Namespace | Step::Credentials | Step::Rollout | Step::Storefront | Step::Purge => {
            FailureCode::Internal
        }
    };
    let (surprises, last) = taken.surprises(step);
    if surprises >= SURPRISES {
        return Next::Stuck(Failure::new(code, last).in_step(step));
    }
    if taken.count(step) >= ENOUGH {
        let detail = "It was done, but is not seen done.";
        return Next::Stuck(Failure::new(code, detail).in_step(step));
    }
    Next::Do(step)
}

fn absent(command: &Command, seen: &Observed, taken: &Taken, patience: &Patience) -> Next {
    match &seen.namespace {
        Namespace::Absent => Next::Done,
        // A store that was ready had a namespace of ours, and what only we make is
        // ours wherever it is: saying "gone" would be a lie.
        Namespace::Foreign { marks, ours } if command.ever_ready || !ours.is_empty() => {
            conflict(marks, ours, Step::Purge)
        }
        Namespace::Foreign { .. } => Next::Done,
        Namespace::Ours { .. } | Namespace::Terminating { .. } if taken.count(Step::Purge) == 0 => {
            Next::Do(Step::Purge)
        }
        Namespace::Ours { .. } => Next::wait(Step::Purge, "the namespace is about to be removed"),
        Namespace::Terminating { holders } => leaving(holders, seen, patience, Step::Purge),
    }
}

fn present(command: &Command, seen: &Observed, taken: &Taken, patience: &Patience) -> Next {
    let ever_ready = match &seen.namespace {
        Namespace::Absent => return Next::Do(Step::Namespace),
        Namespace::Foreign { marks, ours } => return conflict(marks, ours, Step::Namespace),
        Namespace::Terminating { holders } => {
            return leaving(holders, seen, patience, Step::Namespace);
        }
        Namespace::Ours {
            labelled: false, ..
        } => return Next::Do(Step::Namespace),
        Namespace::Ours { ever_ready, .. } => *ever_ready || command.ever_ready,
    };
    if !seen.credentials {
        return Next::Do(Step::Credentials);
    }
    if let Some(next) = back::next(seen, taken) {
        return next;
    }
    if let Some(next) = release(seen, taken, patience, ever_ready) {
        return next;
    }
    if let Some(next) = rollout(seen, taken, patience) {
        return next;
    }
    if matches!(&command.goal, Goal::Present { spec } if spec.suspended) {
        return Next::Done;
    }
    storefront(seen, taken, patience)
}

/// `None` when the wanted release is in force.
fn release(seen: &Observed, taken: &Taken, patience: &Patience, ever_ready: bool) -> Option<Next> {
    let (release, wanted, missing) = match &seen.release {
        Found::Nothing => return Some(install(seen, taken, patience, ever_ready)),
        Found::Release {
            release,
            wanted,
            missing,
        } => (release, *wanted, missing),
    };
    if let Some(failure) = taken.failure(Step::Release) {
        return Some(after_failure(failure, release, taken, ever_ready));
    }
    let first = release.last_good.is_none();
    let next = match release.status {
        // Two helms worked at once, and their objects may be mixed: once more.
        ReleaseStatus::Deployed if release.doubled => Step::Unlock,
        ReleaseStatus::Deployed if wanted && missing.is_empty() => return None,
        ReleaseStatus::Deployed | ReleaseStatus::Superseded | ReleaseStatus::Unknown => {
            Step::Release
        }
        // Only what never served may be removed to begin again.
        ReleaseStatus::Failed if first && !ever_ready => Step::Reset,
        ReleaseStatus::Failed => Step::Release,
        ReleaseStatus::PendingInstall
        | ReleaseStatus::Uninstalling
        | ReleaseStatus::Uninstalled
            if !ever_ready =>
        {
            Step::Reset
        }
        ReleaseStatus::PendingInstall
        | ReleaseStatus::PendingUpgrade
        | ReleaseStatus::PendingRollback
        | ReleaseStatus::Uninstalling => Step::Unlock,
        ReleaseStatus::Uninstalled => Step::Release,
    };
    Some(Next::Do(next))
}

/// helm knows of no release. Volumes of a store that never served are left-overs;
/// those of a store that did are its data, and are adopted.
fn install(seen: &Observed, taken: &Taken, patience: &Patience, ever_ready: bool) -> Next {
    let volumes = seen.volumes;
    if let Some(failure) = taken.failure(Step::Release) {
        return Next::Stuck(failure.clone().in_step(Step::Release));
    }
    if ever_ready || volumes.present == 0 {
        return Next::Do(Step::Release);
    }
    if volumes.ending < volumes.present {
        return Next::Do(Step::Reset);
    }
    match &seen.cause {
        Some(cause) if is_stuck(cause, patience) => {
            Next::Stuck(cause.failure.clone().in_step(Step::Reset))
        }
        cause => Next::Wait(Waiting {
            step: Step::Reset,
            message: format!("{} old volumes are being removed", volumes.present),
            cause: cause.as_ref().map(|cause| cause.failure.clone()),
        }),
    }
}

/// helm failed in this try. A store that was serving goes back to what served.
fn after_failure(failure: &Failure, release: &Release, taken: &Taken, ever_ready: bool) -> Next {
    let failure = failure.clone().in_step(Step::Release);
    let can_go_back = ever_ready
        && release.status == ReleaseStatus::Failed
        && release.last_good.is_some()
        && taken.count(Step::Rollback) == 0;
    if can_go_back {
        return Next::Do(Step::Rollback);
    }
    Next::Stuck(failure)
}

/// `None` when all workloads have arrived.
fn rollout(seen: &Observed, taken: &Taken, patience: &Patience) -> Option<Next> {
    let step = Step::Rollout;
    if seen.restore.is_some() && taken.count(step) < ENOUGH {
        return Some(Next::Do(step));
    }
    match (&seen.rollout, &seen.cause) {
        (Some(Rollout::Complete), _) => None,
        // It failed in an earlier try; this one makes it anew.
        (Some(Rollout::Failed(FailureCode::SetupFailed, _)), _)
            if taken.count(Step::Release) == 0 && !taken.has_waited(step) =>
        {
            Some(Next::Do(Step::Release))
        }
        (Some(Rollout::Failed(code, _)), Some(cause))
            if cause.provable || cause.failure.code == *code =>
        {
            Some(Next::Stuck(cause.failure.clone().in_step(step)))
        }
        (Some(Rollout::Failed(code, why)), _) => {
            Some(Next::Stuck(Failure::new(*code, why).in_step(step)))
        }
        (Some(Rollout::Waiting(_)), Some(cause)) if is_final(cause, patience) => {
            Some(Next::Stuck(cause.failure.clone().in_step(step)))
        }
        (Some(Rollout::Waiting(_)), _) if can_be_helped(seen, taken) => Some(Next::Do(step)),
        (Some(Rollout::Waiting(why)), cause) => Some(Next::Wait(Waiting {
            step,
            message: why.clone(),
            cause: shown(cause.as_ref()),
        })),
        (None, _) => Some(Next::wait(step, "the workloads were not looked at")),
    }
}

/// Whether a pod holds up its StatefulSet, or a quota refuses one that has room.
fn can_be_helped(seen: &Observed, taken: &Taken) -> bool {
    let something = !seen.stuck.is_empty() || !seen.room.is_empty();
    something && taken.count(Step::Rollout) < ENOUGH
}

fn storefront(seen: &Observed, taken: &Taken, patience: &Patience) -> Next {
    let step = Step::Storefront;
    match (&seen.storefront, &seen.cause) {
        (Some(Ok(())), _) => Next::Done,
        (Some(Err(_)), Some(cause)) if is_final(cause, patience) => {
            Next::Stuck(cause.failure.clone().in_step(step))
        }
        (Some(Err(why)), cause) => Next::Wait(Waiting {
            step,
            message: why.clone(),
            cause: shown(cause.as_ref()),
        }),
        (None, _) if taken.count(step) == 0 => Next::Do(step),
        (None, _) => Next::wait(step, "the shop was not asked"),
    }
}

/// A cause is shown as soon as it is one: every pod is unscheduled for a moment,
/// and a database that starts does not answer yet.
fn shown(cause: Option<&Cause>) -> Option<Failure> {
    let cause = cause?;
    let after = match cause.failure.code {
        FailureCode::ProbeFailing => 15,
        FailureCode::VolumePending | FailureCode::StorefrontUnreachable => 5,
        FailureCode::Unschedulable => 3,
        _ => 0,
    };
    (cause.lasting >= Duration::from_secs(after)).then(|| cause.failure.clone())
}

fn is_final(cause: &Cause, patience: &Patience) -> bool {
    let patience = patience.with(cause.failure.code);
    cause.provable || patience.is_some_and(|patience| cause.lasting >= patience)
}

/// A removal that something blocks may be set free from outside, but its slot is
/// wanted by others: the next try looks again.
fn is_stuck(cause: &Cause, patience: &Patience) -> bool {
    let patience = patience.with(FailureCode::DeleteBlocked);
    patience.is_some_and(|patience| cause.lasting >= patience)
}

fn conflict(marks: &str, ours: &[String], step: Step) -> Next {
    let detail = match ours {
        [] => marks.to_owned(),
        ours => format!("{marks} It holds {}.", ours.join(", ")),
    };
    Next::Stuck(Failure::new(FailureCode::NamespaceConflict, detail).in_step(step))
}

fn leaving(holders: &[Holder], seen: &Observed, patience: &Patience, step: Step) -> Next {
    match &seen.cause {
        Some(cause) if is_stuck(cause, patience) => {
            Next::Stuck(cause.failure.clone().in_step(step))
        }
        cause => Next::Wait(Waiting {
            step,
            message: match holders.first() {
                None => "the namespace is being removed".to_owned(),
                Some(first) => format!("the namespace is being removed; {}", first.line()),
            },
            cause: cause
                .as_ref()
                .map(|cause| cause.failure.clone().in_step(step)),
        }),
    }
}

#[cfg(test)]
mod tests;
