//! Back to what served: an update of a store that was ready, whose workloads or
//! shop do not arrive, may not leave it broken. Pure.

use std::time::Duration;

use shared::failure::{Failure, FailureCode};
use shared::step::Step;

use crate::cluster::rollout::Rollout;
use crate::converge::decide::{Next, can_be_helped};
use crate::converge::observed::{Found, Namespace, Observed};
use crate::converge::taken::Taken;
use crate::helm::ReleaseStatus;

/// How long what served before may take to serve again.
const BACK: Duration = Duration::from_secs(120);

/// Whether this failure ends in a way back: the release is in force, but never
/// served, and there is one before it.
pub(super) fn is_open(seen: &Observed, taken: &Taken, failure: &Failure) -> bool {
    let of_update = matches!(failure.step, Some(Step::Rollout | Step::Storefront));
    // Somebody else's Ingress stays where it is.
    let ours = failure.code != FailureCode::HostConflict;
    let Found::Release { release, .. } = &seen.release else {
        return false;
    };
    let Namespace::Ours {
        ready_revision: Some(served),
        ..
    } = &seen.namespace
    else {
        return false;
    };
    of_update
        && ours
        && taken.given_up().is_none()
        && release.status == ReleaseStatus::Deployed
        && release.revision > *served
        && release.last_good.is_some()
}

/// What is next on the way back; `None` when nothing failed.
pub(super) fn next(seen: &Observed, taken: &Taken) -> Option<Next> {
    let went = taken.since_rollback();
    let failed = taken.failure(Step::Release).filter(|_| went.is_some());
    let why = taken.given_up().or(failed)?;
    let Some(went) = went else {
        return Some(Next::Do(Step::Rollback));
    };
    Some(match &seen.rollout {
        Some(Rollout::Complete) => Next::Back(with(
            why,
            "It went back to what served before, which serves again.",
        )),
        // Its StatefulSet would wait for it for ever.
        Some(_) if can_be_helped(seen, taken) => Next::Do(Step::Rollout),
        Some(Rollout::Waiting(what)) if went < BACK => Next::wait(Step::Rollout, what),
        _ => Next::Stuck(with(
            why,
            "It went back to what served before, which has not arrived yet.",
        )),
    })
}

fn with(why: &Failure, end: &str) -> Failure {
    let mut failure = why.clone();
    // The cluster's own words come last in it, and they may end without a stop.
    let said = failure.message.trim_end();
    let stop = if said.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    failure.message = format!("{said}{stop} {end}");
    failure
}
