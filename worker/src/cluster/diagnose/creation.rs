//! Pods that may not be made: refused by quota or by Pod Security admission.
//! Pure. A Deployment says so in a condition; the others only by events, which
//! count as long as their object lacks pods.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Event;
use kube::ResourceExt as _;
use shared::failure::FailureCode;

use crate::cluster::diagnose::Finding;
use crate::cluster::diagnose::pod::last_event;
use crate::cluster::workloads::Workloads;

/// Words of a LimitRange that refuses: no other pod's end can help.
/// Source: `k8s.io/kubernetes/plugin/pkg/admission/limitranger/admission.go`.
const LIMIT_RANGE: [&str; 3] = [
    "usage per Container is",
    "usage per Pod is",
    "limit to request ratio per",
];

/// Every workload whose pods are refused.
#[must_use]
pub fn findings(workloads: &Workloads, events: &[Event]) -> Vec<Finding> {
    let deployments = workloads.deployments.iter().filter_map(|deployment| {
        let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
        let failing = conditions
            .iter()
            .find(|c| c.type_ == "ReplicaFailure" && c.status == "True")?;
        let object = format!("Deployment/{}", deployment.name_any());
        refused(object, failing.message.as_deref()?)
    });
    let stateful_sets = workloads.stateful_sets.iter().filter_map(|set| {
        let wanted = set.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1);
        let there = set.status.as_ref().map_or(0, |status| status.replicas);
        let name = set.name_any();
        let event = last_event(events, "StatefulSet", &name, &["FailedCreate"])?;
        (there < wanted).then_some(())?;
        refused(format!("StatefulSet/{name}"), event.message.as_deref()?)
    });
    let jobs = workloads.jobs.iter().filter_map(|job| {
        let status = job.status.clone().unwrap_or_default();
        let name = job.name_any();
        let event = last_event(events, "Job", &name, &["FailedCreate"])?;
        let lacks = status.active.unwrap_or(0) == 0 && status.succeeded.unwrap_or(0) == 0;
        lacks.then_some(())?;
        refused(format!("Job/{name}"), event.message.as_deref()?)
    });
    deployments.chain(stateful_sets).chain(jobs).collect()
}

/// What a refusal means.
fn refused(object: String, message: &str) -> Option<Finding> {
    let (code, provable) = if message.contains("violates PodSecurity") {
        (FailureCode::PodSecurity, true)
    } else if message.contains("exceeded quota") {
        (FailureCode::QuotaExceeded, is_above_limit(message))
    } else if LIMIT_RANGE.iter().any(|words| message.contains(words)) {
        (FailureCode::QuotaExceeded, true)
    } else if message.contains("denied the request") || message.contains("denied request") {
        (FailureCode::ReleaseFailed, false)
    } else {
        return None;
    };
    Some(Finding {
        code,
        detail: format!("{object}: {message}"),
        provable,
        object,
        container: None,
        follows: false,
    })
}

/// Whether a single request is above the hard limit itself, so that no pod's end
/// can make room for it: `… requested: limits.cpu=3, used: limits.cpu=1,
/// limited: limits.cpu=2`.
fn is_above_limit(message: &str) -> bool {
    let limited = amounts(message, "limited: ");
    let over = |(name, requested): (&String, &f64)| {
        limited.get(name).is_some_and(|limit| requested > limit)
    };
    requested(message).iter().any(over)
}

/// The amounts that follow a title in a quota's refusal.
fn amounts(message: &str, title: &str) -> BTreeMap<String, f64> {
    let from = message.split_once(title).map_or("", |(_, rest)| rest);
    // The next title, if any, ends the list.
    let list = from.split(": ").next().unwrap_or_default();
    let pairs = list
        .split(',')
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .filter_map(|(name, amount)| Some((name.to_owned(), quantity(amount)?)))
        .collect()
}

/// What a quota's refusal says was requested.
pub(in crate::cluster) fn requested(message: &str) -> BTreeMap<String, f64> {
    amounts(message, "requested: ")
}

/// A Kubernetes quantity as a number.
/// Source: `k8s.io/apimachinery/pkg/api/resource/suffix.go`.
pub(in crate::cluster) fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, suffix) = text.split_at(digits.unwrap_or(text.len()));
    let factor = match suffix {
        "" => 1.0,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        "Ti" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_request_above_the_hard_limit_is_provable() {
        for (message, provable) in [
            (
                "pods \"w\" is forbidden: exceeded quota: store, requested: requests.memory=4Gi, used: requests.memory=0, limited: requests.memory=2Gi",
                true,
            ),
            (
                "exceeded quota: store, requested: limits.cpu=500m,pods=1, used: limits.cpu=1800m,pods=9, limited: limits.cpu=2,pods=9",
                false,
            ),
            (
                "exceeded quota: store, requested: limits.cpu=2500m,pods=1, used: limits.cpu=0,pods=0, limited: limits.cpu=2,pods=9",
                true,
            ),
            ("exceeded quota: store", false),
        ] {
            let finding = refused("Deployment/w".to_owned(), message).unwrap();
            assert_eq!(finding.code, FailureCode::QuotaExceeded);
            assert_eq!(finding.provable, provable, "{message}");
        }
    }

    #[test]
    fn other_refusals_are_told_too() {
        for (message, code, provable) in [
            (
                "pods \"w\" is forbidden: maximum memory usage per Container is 64Mi, but limit is 128Mi",
                FailureCode::QuotaExceeded,
                true,
            ),
            (
                "admission webhook \"images.example.com\" denied the request: unsigned image",
                FailureCode::ReleaseFailed,
                false,
            ),
        ] {
            let finding = refused("Deployment/w".to_owned(), message).unwrap();
            assert_eq!((finding.code, finding.provable), (code, provable));
        }
    }

    #[test]
    fn a_quota_that_is_not_counted_yet_is_no_cause() {
        let message = "pods \"w\" is forbidden: status unknown for quota: store, resources: pods";
        assert_eq!(refused("Deployment/w".to_owned(), message), None);
    }

    #[test]
    fn quantities() {
        for (text, number) in [
            ("2", Some(2.0)),
            ("1500m", Some(1.5)),
            ("1Ki", Some(1024.0)),
            ("1.5k", Some(1500.0)),
            ("many", None),
        ] {
            assert_eq!(quantity(text), number, "{text}");
        }
    }
}
