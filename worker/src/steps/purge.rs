//! Delete the namespace, and with it everything of the store.
//!
//! *Precondition:* it is ours, by its marks. *Effect:* it is on its way out, and
//! its pods end at once: their data goes with them, so nobody needs their grace,
//! and the namespace controller would look again only after half of it. The loop
//! waits until all is gone. *Repeating it:* changes nothing. helm is not asked:
//! the chart has no hooks and nothing outside the namespace. Our rights in it go
//! with its RoleBinding, maybe before all of this: then the namespace controller
//! does the same, only later.

use k8s_openapi::api::core::v1::{Namespace, PersistentVolumeClaim, Pod};
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams, Preconditions};

use crate::cluster::ClusterError;
use crate::converge::Job;
use crate::converge::observed::{self, Observed};
use crate::steps::StepError;

pub(super) async fn run(job: &Job<'_>, seen: &Observed) -> Result<bool, StepError> {
    let changed = match &seen.namespace {
        observed::Namespace::Ours { uid, .. } => delete(job, uid).await?,
        observed::Namespace::Terminating { .. } => false,
        observed::Namespace::Absent | observed::Namespace::Foreign { .. } => return Ok(false),
    };
    match hasten(job).await {
        Ok(()) => {}
        Err(ClusterError::Forbidden(error)) => {
            tracing::debug!(%error, "the namespace controller ends what is left");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(changed)
}

/// What would otherwise take the controllers' time.
async fn hasten(job: &Job<'_>) -> Result<(), ClusterError> {
    end_pods(job).await?;
    let claims = job
        .context
        .cluster
        .of::<PersistentVolumeClaim>(job.command.store_id.as_str());
    // They go when no pod uses them any more, which may be before the namespace
    // controller's first look.
    claims
        .delete_collection(&DeleteParams::default(), &ListParams::default())
        .await?;
    Ok(())
}

async fn delete(job: &Job<'_>, uid: &str) -> Result<bool, StepError> {
    // Never another namespace of the same name.
    let exactly = DeleteParams::default().preconditions(Preconditions {
        uid: Some(uid.to_owned()),
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

/// Nothing makes new ones in a namespace that is being removed.
async fn end_pods(job: &Job<'_>) -> Result<(), ClusterError> {
    let api = job.context.cluster.of::<Pod>(job.command.store_id.as_str());
    let pods = api.list_metadata(&ListParams::default()).await?;
    for pod in pods.items {
        let at_once = DeleteParams {
            // Zero would mean that nobody asks the node whether it has ended.
            grace_period_seconds: Some(1),
            preconditions: Some(Preconditions {
                uid: pod.uid(),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        match api
            .delete(&pod.name_any(), &at_once)
            .await
            .map_err(ClusterError::from)
        {
            Ok(_) | Err(ClusterError::NotFound(_) | ClusterError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
