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
use shared::failure::{Failure, FailureCode};

use crate::cluster::rollout::Rollout;
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
    findings.extend(
        facts
            .pods
            .iter()
            .flat_map(|pod| pod::findings(pod, &facts.events)),
    );
    findings.extend(volume::findings(&facts.claims, &facts.events));
    if let Rollout::Failed(code, why) = verdict {
        findings.push(ended(*code, why, &facts.pods));
    }
    let rank = |finding: &Finding| {
        let place = ORDER.iter().position(|code| *code == finding.code);
        (!finding.provable, place.unwrap_or(ORDER.len()))
    };
    let first = findings.into_iter().min_by_key(rank)?;
    Some(Diagnosis {
        failure: Failure::new(first.code, &first.detail),
        provable: first.provable,
        object: first.object,
        container: first.container,
    })
}

/// The workloads' own verdict; the last pod of a set-up has its last words.
fn ended(code: FailureCode, why: &str, pods: &[Pod]) -> Finding {
    let last = pod::last_failed(pods);
    let detail = match &last {
        Some((_, code)) => format!("{why} (exit code {code})"),
        None => why.to_owned(),
    };
    Finding {
        code,
        detail,
        provable: true,
        object: last
            .as_ref()
            .map(|(name, _)| format!("Pod/{name}"))
            .unwrap_or_default(),
        container: last.map(|_| String::new()),
    }
}

#[cfg(test)]
mod tests;
