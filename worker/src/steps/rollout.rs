//! What holds up a rollout and goes away by a hand of ours: a pod of the database
//! that is not ready and of a revision that is no longer wanted (its StatefulSet
//! waits for it for ever before it makes the new one), and pods that a quota
//! refused while others left.
//!
//! *Effect:* the pod is deleted, and made again of the wanted revision; the refused
//! pods' controller asks again, or lets the old ones end first. *Repeating it:*
//! finds another pod, by its UID. Source: "Forced rollback" in Kubernetes'
//! StatefulSet documentation.

use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Preconditions};

use crate::cluster::{ClusterError, room};
use crate::converge::Job;
use crate::converge::observed::Observed;
use crate::steps::StepError;

pub(super) async fn run(job: &Job<'_>, seen: &Observed) -> Result<bool, StepError> {
    let api = job.context.cluster.of::<Pod>(job.command.store_id.as_str());
    for pod in &seen.stuck {
        let exactly = DeleteParams::default().preconditions(Preconditions {
            uid: Some(pod.uid.clone()),
            resource_version: None,
        });
        match api.delete(&pod.name, &exactly).await {
            Ok(_) => tracing::info!(pod = pod.name, "deleted a stuck pod"),
            Err(error) => match ClusterError::from(error) {
                ClusterError::NotFound(_) | ClusterError::Conflict(_) => {}
                other => return Err(other.into()),
            },
        }
    }
    let (cluster, store) = (&job.context.cluster, job.command.store_id.as_str());
    for way in &seen.room {
        room::make(cluster, store, way).await?;
        tracing::info!(?way, "made room for what a quota refuses");
    }
    Ok(!seen.stuck.is_empty() || !seen.room.is_empty())
}
