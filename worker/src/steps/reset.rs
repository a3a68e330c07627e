//! Remove a first install that never served, with its volumes, to begin again.
//!
//! *Precondition:* neither the command nor the namespace says that the store was
//! ever ready. *Effect:* no release, no volume claim. *Repeating it:* what is
//! gone stays gone. *Fails when* helm does.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::api::{DeleteParams, ListParams};
use shared::step::Step;

use crate::converge::Job;
use crate::helm::argv;
use crate::steps::{StepError, release};

pub(super) async fn run(job: &Job<'_>) -> Result<bool, StepError> {
    let store = &job.command.store_id;
    release::helm(job, Step::Reset, argv::uninstall(store), String::new()).await?;
    let claims = job
        .context
        .cluster
        .of::<PersistentVolumeClaim>(store.as_str());
    claims
        .delete_collection(&DeleteParams::default(), &ListParams::default())
        .await?;
    Ok(true)
}
