//! helm, once: install, or upgrade to exactly what is wanted.
//!
//! *Precondition:* no other helm works on the release (we hold the store, and the
//! lease outlasts helm's limit). *Effect:* a new revision. *Repeating it:* the
//! next look finds the equal digest and does not come here. *Fails when* helm does.

use k8s_openapi::api::batch::v1::Job as SetupJob;
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams};
use shared::contract::command::Goal;
use shared::failure::{Failure, FailureCode};
use shared::step::Step;

use crate::cluster::rollout::{self, Rollout};
use crate::cluster::{ClusterError, hosts, workloads};
use crate::converge::Job;
use crate::converge::observed::{Found, Namespace, Observed};
use crate::helm::argv;
use crate::helm::stderr::{self, Verdict};
use crate::steps::{StepError, namespace};

pub(super) async fn run(job: &Job<'_>, seen: &Observed) -> Result<bool, StepError> {
    let Some(wanted) = &job.wanted else {
        return Ok(false);
    };
    if !seen.bare {
        remove_failed_set_up(job).await?;
    }
    let rests = matches!(&job.command.body.goal, Goal::Present { spec } if spec.suspended);
    if rests {
        namespace::note_web_pods(job, seen).await?;
    }
    let settings = &job.context.settings;
    let values_files = settings.values_files();
    let args = argv::upgrade(argv::Upgrade {
        store: &job.command.store_id,
        chart: &wanted.chart,
        values_files: &values_files,
        digest: &wanted.digest,
        adopt: is_lost(job, seen),
        // One that does not know how to rest must say so.
        other_version: wanted.chart != settings.chart && !rests,
        proven: job.context.shapes.is_proven(&wanted.shape),
    });
    let ran = helm(job, Step::Release, args, wanted.values.clone()).await;
    match ran {
        Ok(_) => job.context.shapes.proven(&wanted.shape),
        Err(_) => job.context.shapes.doubted(&wanted.shape),
    }
    match ran {
        Err(StepError::Failed { failure, changed }) => Err(StepError::Failed {
            failure: host_named(job, failure).await,
            changed,
        }),
        other => other,
    }
}

/// An ingress controller's refusal says in its own words that the host is taken;
/// who has it is looked up, and named in ours.
async fn host_named(job: &Job<'_>, failure: Failure) -> Failure {
    let Goal::Present { spec } = &job.command.body.goal else {
        return failure;
    };
    let may_be = match failure.code {
        FailureCode::HostConflict => true,
        FailureCode::ReleaseFailed => failure.message.contains(&spec.host),
        _ => false,
    };
    if !may_be {
        return failure;
    }
    let store = job.command.store_id.as_str();
    match hosts::claimed_elsewhere(&job.context.cluster, store, &spec.host).await {
        Ok(Some(other)) => {
            let mut named = hosts::conflict(&other, &spec.host);
            named.evidence.extend(failure.evidence);
            named
        }
        // helm's words have to do.
        Ok(None) | Err(_) => failure,
    }
}

/// A set-up Job that failed never runs again; helm makes it anew when it is gone.
async fn remove_failed_set_up(job: &Job<'_>) -> Result<(), StepError> {
    let (cluster, store) = (&job.context.cluster, job.command.store_id.as_str());
    let api = cluster.of::<SetupJob>(store);
    let ours = ListParams::default().labels(&workloads::of_release(store));
    let found = api.list(&ours).await.map_err(ClusterError::from)?;
    let failed = |job: &&SetupJob| matches!(rollout::job(job), Rollout::Failed(..));
    for job in found.items.iter().filter(failed) {
        let gone = api
            .delete(&job.name_any(), &DeleteParams::background())
            .await;
        match gone.map_err(ClusterError::from) {
            Ok(_) | Err(ClusterError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A store that was ready, but of which helm has no record: its objects are there.
fn is_lost(job: &Job<'_>, seen: &Observed) -> bool {
    let marked = matches!(
        seen.namespace,
        Namespace::Ours {
            ever_ready: true,
            ..
        }
    );
    seen.release == Found::Nothing && (marked || job.command.body.ever_ready)
}

/// Run helm while the store is held long enough for it.
pub(super) async fn helm(
    job: &Job<'_>,
    step: Step,
    args: Vec<String>,
    stdin: String,
) -> Result<bool, StepError> {
    job.holding.for_helm().await?;
    let run = job.context.helm.run(args, stdin, job.holding.leash()).await;
    job.holding.after_helm().await;
    let reply = run.map_err(|error| StepError::Failed {
        failure: Failure::new(FailureCode::Internal, shared::telemetry::chain(&error)),
        changed: false,
    })?;
    if job.holding.lost().is_cancelled() {
        return Err(StepError::LookAgain("the store was lost".to_owned()));
    }
    match stderr::verdict(&reply, step) {
        None => Ok(true),
        Some(Verdict::Unreachable(detail)) => Err(StepError::Unreachable(detail)),
        Some(Verdict::Locked(detail) | Verdict::NotAllowed(detail)) => {
            Err(StepError::LookAgain(detail))
        }
        Some(Verdict::Failed(failure)) => Err(StepError::Failed {
            // What does not render never reached the cluster.
            changed: failure.code != FailureCode::ChartInvalid,
            failure,
        }),
    }
}
