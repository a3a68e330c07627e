//! Free a release that a killed helm left behind: its newest revision is marked
//! failed in helm's storage, as helm itself would have done.
//!
//! *Precondition:* no helm works on it (we hold the store, and a lease is only
//! taken over when its helm has ended). *Effect:* helm goes on from there.
//! *Repeating it:* a conflict, then another look.

use crate::converge::Job;
use crate::converge::observed::{Found, Observed};
use crate::helm::storage;
use crate::steps::StepError;

pub(super) async fn run(job: &Job<'_>, seen: &Observed) -> Result<bool, StepError> {
    let Found::Release { release, .. } = &seen.release else {
        return Ok(false);
    };
    let (cluster, store) = (&job.context.cluster, &job.command.store_id);
    storage::mark_failed(cluster, store, release.revision).await?;
    Ok(true)
}
