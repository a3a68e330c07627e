//! Delete the namespace, and with it everything of the store.
//!
//! *Precondition:* it is ours, by its marks. *Effect:* it is on its way out; the
//! loop waits until it is gone. *Repeating it:* changes nothing. helm is not
//! asked: the chart has no hooks and nothing outside the namespace.

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, Preconditions};

use crate::cluster::ClusterError;
use crate::converge::Job;
use crate::converge::observed::{self, Observed};
use crate::steps::StepError;

pub(super) async fn run(job: &Job<'_>, seen: &Observed) -> Result<bool, StepError> {
    let observed::Namespace::Ours { uid, .. } = &seen.namespace else {
        return Ok(false);
    };
    // Never another namespace of the same name.
    let exactly = DeleteParams::default().preconditions(Preconditions {
        uid: Some(uid.clone()),
        resource_version: None,
    });
    let api = job.context.cluster.all::<Namespace>();
    match api.delete(job.command.store_id.as_str(), &exactly).await {
        Ok(_) => Ok(true),
        Err(error) => match ClusterError::from(error) {
            ClusterError::NotFound(_) => Ok(false),
            other => Err(other.into()),
        },
    }
}
