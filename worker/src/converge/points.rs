//! Where a test may end the worker in the loop: around each step's effect, and
//! while a step waits. Nothing here does anything in a build without `faults`.

use shared::fault::point;
use shared::step::Step;

/// About to take a step.
pub(super) fn before(step: Step) {
    point(match step {
        Step::Namespace => "worker.namespace.before",
        Step::Credentials => "worker.credentials.before",
        Step::Unlock => "worker.unlock.before",
        Step::Reset => "worker.reset.before",
        Step::Release => "worker.release.before",
        Step::Rollback => "worker.rollback.before",
        Step::Rollout => "worker.rollout.before",
        Step::Storefront => "worker.storefront.before",
        Step::Purge => "worker.purge.before",
    });
}

/// It was taken, and nothing is told yet.
pub(super) fn after(step: Step) {
    point(match step {
        Step::Namespace => "worker.namespace.after",
        Step::Credentials => "worker.credentials.after",
        Step::Unlock => "worker.unlock.after",
        Step::Reset => "worker.reset.after",
        Step::Release => "worker.release.after",
        Step::Rollback => "worker.rollback.after",
        Step::Rollout => "worker.rollout.after",
        Step::Storefront => "worker.storefront.after",
        Step::Purge => "worker.purge.after",
    });
}

/// A step waits for others.
pub(super) fn waiting(step: Step) {
    match step {
        Step::Rollout => point("worker.rollout.waiting"),
        Step::Purge => point("worker.purge.waiting"),
        Step::Namespace
        | Step::Credentials
        | Step::Unlock
        | Step::Reset
        | Step::Release
        | Step::Rollback
        | Step::Storefront => {}
    }
}
