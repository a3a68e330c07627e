//! Whether a store's workloads have arrived at what was asked of them. Pure.
//!
//! Source: kubectl's own rules, `k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go`:
//! conditions alone are not enough, the observed generation comes first.

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use shared::failure::FailureCode;

use crate::cluster::labels::MIN_REPLICAS;
use crate::cluster::workloads::Workloads;

/// What was found about one workload, or about all together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rollout {
    /// Arrived.
    Complete,
    /// On its way; the words say what is missing.
    Waiting(String),
    /// It will not arrive by waiting.
    Failed(FailureCode, String),
}

/// All workloads of a store as one verdict: a failure first, then what is
/// missing (the database before the set-up before the web pods). Of the pods, those of
/// the set-up matter.
#[must_use]
pub fn together(workloads: &Workloads, pods: &[Pod]) -> Rollout {
    let Workloads {
        stateful_sets,
        jobs,
        deployments,
    } = workloads;
    if deployments.is_empty() && stateful_sets.is_empty() {
        return Rollout::Waiting("the release's workloads are not there yet".to_owned());
    }
    let verdicts: Vec<Rollout> = stateful_sets
        .iter()
        .map(stateful_set)
        .chain(jobs.iter().map(|one| job_with(one, pods)))
        .chain(deployments.iter().map(deployment))
        .collect();
    let failed = verdicts.iter().find(|v| matches!(v, Rollout::Failed(..)));
    let waiting = verdicts.iter().find(|v| matches!(v, Rollout::Waiting(_)));
    failed.or(waiting).cloned().unwrap_or(Rollout::Complete)
}

/// A Deployment.
#[must_use]
pub fn deployment(object: &Deployment) -> Rollout {
    let name = format!("Deployment/{}", object.name_any());
    let wanted = object.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1);
    let status = object.status.clone().unwrap_or_default();
    if unseen(object.metadata.generation, status.observed_generation) {
        return Rollout::Waiting(format!("{name}: its controller has not seen it yet"));
    }
    let fewest = object.annotations().get(MIN_REPLICAS);
    let fewest = fewest.and_then(|text| text.parse().ok()).unwrap_or(0);
    // At rest it has none, and no autoscaler.
    if wanted > 0 && wanted < fewest {
        return Rollout::Waiting(format!(
            "{name}: the autoscaler has not asked for its {fewest} pods yet"
        ));
    }
    let updated = status.updated_replicas.unwrap_or(0);
    let all = status.replicas.unwrap_or(0);
    let available = status.available_replicas.unwrap_or(0);
    if updated < wanted {
        return Rollout::Waiting(format!("{name}: {updated} of {wanted} new pods made"));
    }
    if all > updated {
        return Rollout::Waiting(format!("{name}: {} old pods are ending", all - updated));
    }
    if available < updated {
        return Rollout::Waiting(format!("{name}: {available} of {updated} pods available"));
    }
    Rollout::Complete
}

/// A StatefulSet with rolling updates.
#[must_use]
pub fn stateful_set(object: &StatefulSet) -> Rollout {
    let name = format!("StatefulSet/{}", object.name_any());
    let wanted = object.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1);
    let Some(status) = object.status.clone() else {
        return Rollout::Waiting(format!("{name}: its controller has not seen it yet"));
    };
    if unseen(object.metadata.generation, status.observed_generation) {
        return Rollout::Waiting(format!("{name}: its controller has not seen it yet"));
    }
    let ready = status.ready_replicas.unwrap_or(0);
    if ready < wanted {
        return Rollout::Waiting(format!("{name}: {ready} of {wanted} pods ready"));
    }
    let updated = status.updated_replicas.unwrap_or(0);
    if status.update_revision != status.current_revision && updated < wanted {
        return Rollout::Waiting(format!("{name}: {updated} of {wanted} pods updated"));
    }
    Rollout::Complete
}

/// A Job, which has to complete.
#[must_use]
pub fn job(object: &Job) -> Rollout {
    let name = format!("Job/{}", object.name_any());
    let status = object.status.clone().unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    let holds = |kind: &str| {
        conditions
            .iter()
            .find(|c| c.type_ == kind && c.status == "True")
    };
    if holds("Complete").is_some() || holds("SuccessCriteriaMet").is_some() {
        return Rollout::Complete;
    }
    if let Some(failed) = holds("Failed").or_else(|| holds("FailureTarget")) {
        let reason = failed.reason.clone().unwrap_or_default();
        let message = failed.message.clone().unwrap_or_default();
        return Rollout::Failed(
            FailureCode::SetupFailed,
            format!("{name}: {reason}: {message}"),
        );
    }
    let tries = status.failed.unwrap_or(0);
    if tries > 0 {
        return Rollout::Waiting(format!("{name}: running, {tries} tries failed so far"));
    }
    Rollout::Waiting(format!("{name}: running"))
}

/// A Job beside its pods. One whose pods have succeeded will complete; its controller
/// gathers their ends for up to a second before it writes that. (Where its deadline ends
/// within that second it may be called failed all the same: the shop is set up, and the
/// next release makes the Job anew.)
///
/// Source: Kubernetes, `pkg/controller/job/job_controller.go` (`SyncJobBatchPeriod`).
#[must_use]
pub fn job_with(object: &Job, pods: &[Pod]) -> Rollout {
    match job(object) {
        Rollout::Waiting(_) if has_succeeded(object, pods) => Rollout::Complete,
        verdict => verdict,
    }
}

fn has_succeeded(object: &Job, pods: &[Pod]) -> bool {
    let wanted = object.spec.as_ref().and_then(|spec| spec.completions);
    let wanted = usize::try_from(wanted.unwrap_or(1)).unwrap_or(usize::MAX);
    let Some(uid) = &object.metadata.uid else {
        return false;
    };
    let succeeded = pods.iter().filter(|pod| {
        let phase = pod.status.as_ref().and_then(|s| s.phase.as_deref());
        let mut owners = pod.owner_references().iter();
        phase == Some("Succeeded") && owners.any(|owner| owner.uid == *uid)
    });
    wanted > 0 && succeeded.count() >= wanted
}

fn unseen(generation: Option<i64>, observed: Option<i64>) -> bool {
    observed.unwrap_or(0) < generation.unwrap_or(0)
}

#[cfg(test)]
mod tests;
