//! What keeps a store's workloads from arriving: from the states of pods, volume
//! claims, workloads and from events to one of our codes. Pure; fetching what it
//! reads, and the evidence, is `evidence.rs`.
//!
//! The most telling cause wins: what can be proven before what may pass, the
//! refusal of a pod before the trouble of one, a crash before a failing probe.

pub mod creation;
pub mod pod;
pub mod volume;

use k8s_openapi::api::core::v1::{Event, PersistentVolumeClaim, Pod};
use kube::ResourceExt as _;
use shared::failure::{Failure, FailureCode};

use crate::cluster::rollout::{self, Rollout};
use crate::cluster::workloads::Workloads;

/// What is read.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Of the namespace.
    pub workloads: Workloads,
    /// Of the namespace.
    pub pods: Vec<Pod>,
    /// Of the namespace.
    pub claims: Vec<PersistentVolumeClaim>,
    /// Of the namespace.
    pub events: Vec<Event>,
}

/// A cause that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Code and words; evidence comes later.
    pub failure: Failure,
    /// Whether waiting provably cannot cure it.
    pub provable: bool,
    /// The object it is about, such as `Pod/mysql-0`.
    pub object: String,
    /// The container whose last words tell more, if there is one.
    pub container: Option<String>,
    /// Whether it may be only because the database is not there yet, so that its
    /// time does not count.
    pub follows: bool,
}

/// One finding, before the most telling is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub code: FailureCode,
    /// What it says, naming the object.
    pub detail: String,
    /// Whether waiting provably cannot cure it.
    pub provable: bool,
    /// Such as `Pod/mysql-0`.
    pub object: String,
    /// See [`Diagnosis::container`].
    pub container: Option<String>,
    /// See [`Diagnosis::follows`].
    pub follows: bool,
}

/// The order of telling, after what is provable.
const ORDER: [FailureCode; 10] = [
    FailureCode::ImageInvalid,
    FailureCode::PodSecurity,
    FailureCode::QuotaExceeded,
    FailureCode::SetupFailed,
    FailureCode::OutOfMemory,
    FailureCode::ImagePull,
    FailureCode::CrashLoop,
    FailureCode::VolumePending,
    FailureCode::Unschedulable,
    FailureCode::ProbeFailing,
];

/// The cause, if there is one to be seen.
#[must_use]
pub fn diagnose(facts: &Facts, verdict: &Rollout) -> Option<Diagnosis> {
    let mut findings = creation::findings(&facts.workloads, &facts.events);
    let waits_for_database = !is_database_there(&facts.workloads);
    for pod in facts.pods.iter().filter(|pod| !is_over(pod, facts)) {
        let of_database = is_owned_by(pod, "StatefulSet");
        let found = pod::findings(pod, &facts.events).into_iter();
        findings.extend(found.map(|finding| Finding {
            follows: waits_for_database && !of_database && may_follow(finding.code),
            ..finding
        }));
    }
    findings.extend(volume::findings(&facts.claims, &facts.events));
    if let Rollout::Failed(code, why) = verdict {
        findings.push(ended(*code, why, &facts.pods));
    }
    let rank = |finding: &Finding| {
        let place = ORDER.iter().position(|code| *code == finding.code);
        let place = place.unwrap_or(ORDER.len());
        (!finding.provable, finding.follows, place)
    };
    let first = findings.into_iter().min_by_key(rank)?;
    let mut failure = Failure::new(first.code, &first.detail);
    // Nor does another try of the platform's own: somebody has to change something.
    failure.retryable &= !first.provable;
    Some(Diagnosis {
        failure,
        provable: first.provable,
        object: first.object,
        container: first.container,
        follows: first.follows,
    })
}

/// The workloads' own verdict; the last pod of a set-up has its last words.
fn ended(code: FailureCode, why: &str, pods: &[Pod]) -> Finding {
    let Some(last) = pod::last_failed(pods) else {
        return Finding {
            code,
            detail: why.to_owned(),
            provable: true,
            object: why.split(':').next().unwrap_or_default().to_owned(),
            container: None,
            follows: false,
        };
    };
    Finding {
        code: match last.out_of_memory {
            true => FailureCode::OutOfMemory,
            false => code,
        },
        detail: format!("{why} (exit code {})", last.exit_code),
        provable: true,
        object: format!("Pod/{}", last.name),
        container: Some(last.container),
        follows: false,
    }
}

fn is_database_there(workloads: &Workloads) -> bool {
    let mut verdicts = workloads.stateful_sets.iter().map(rollout::stateful_set);
    verdicts.all(|verdict| verdict == Rollout::Complete)
}

/// What a container does that finds no database: it ends, or it does not answer.
fn may_follow(code: FailureCode) -> bool {
    matches!(
        code,
        FailureCode::CrashLoop | FailureCode::ProbeFailing | FailureCode::SetupFailed
    )
}

fn is_owned_by(pod: &Pod, kind: &str) -> bool {
    pod.owner_references()
        .iter()
        .any(|owner| owner.kind == kind)
}

/// A pod of a set-up that is done: how often it failed before is history.
fn is_over(pod: &Pod, facts: &Facts) -> bool {
    let done = facts.workloads.jobs.iter();
    let mut done = done.filter(|job| rollout::job_with(job, &facts.pods) == Rollout::Complete);
    done.any(|job| {
        let mut owners = pod.owner_references().iter();
        owners.any(|owner| Some(&owner.uid) == job.metadata.uid.as_ref())
    })
}

#[cfg(test)]
mod tests;
