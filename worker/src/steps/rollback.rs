//! Back to the last revision that was in force, for a store that was serving.
//!
//! *Precondition:* the newest revision failed. *Effect:* a new revision that says
//! what the last good one said. *Repeating it:* not in one try.

use shared::step::Step;

use crate::converge::Job;
use crate::converge::observed::{Found, Observed};
use crate::helm::argv;
use crate::steps::{StepError, release};

pub(super) async fn run(job: &Job<'_>, seen: &Observed) -> Result<bool, StepError> {
    let Found::Release { release, .. } = &seen.release else {
        return Ok(false);
    };
    let Some(good) = release.last_good else {
        return Ok(false);
    };
    let args = argv::rollback(&job.command.store_id, good);
    release::helm(job, Step::Rollback, args, String::new()).await
}
