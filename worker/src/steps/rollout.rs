//! What holds up a rollout and goes away by a hand of ours: a pod of the database
//! that is not ready and of a revision that is no longer wanted (its StatefulSet
//! waits for it for ever before it makes the new one), and pods that a quota
//! refused while others left. And the web pods of a store that rested: as many as
//! there were, under its autoscaler.
//!
//! *Effect:* the pod is deleted, and made again of the wanted revision; the refused
//! pods' controller asks again, or lets the old ones end first. *Repeating it:*
//! finds another pod, by its UID. Source: "Forced rollback" in Kubernetes'
//! StatefulSet documentation.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use serde_json::json;

use crate::cluster::workloads::WEB;
use crate::cluster::{ClusterError, room};
use crate::converge::Job;
use crate::converge::observed::Observed;
use crate::steps::StepError;

pub(super) async fn run(job: &Job<'_>, seen: &Observed) -> Result<bool, StepError> {
    if let Some(replicas) = seen.restore {
        let webs = job
            .context
            .cluster
            .of::<Deployment>(job.command.store_id.as_str());
        let scale = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
        webs.patch_scale(WEB, &PatchParams::default(), &scale)
            .await?;
    }
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
    Ok(seen.restore.is_some() || !seen.stuck.is_empty() || !seen.room.is_empty())
}
