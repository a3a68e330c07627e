//! Pods that a quota refuses while a change goes on, and what makes room for them.
//! Their controller asks again only after pauses that double, up to minutes; and a
//! new web pod that is refused beside a larger old one would wait for it for ever.
//! The judgement is pure; [`make`] is the effect.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ResourceQuota;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use shared::failure::FailureCode;

use crate::cluster::diagnose::{Facts, creation};
use crate::cluster::labels::ASKED_AGAIN;
use crate::cluster::rollout::{self, Rollout};
use crate::cluster::{Cluster, ClusterError};

/// What makes room for pods that a quota refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// There is room by now: let the controller of that object ask again.
    AskAgain(String),
    /// Only the old web pods are in the way: they end before the new ones come.
    OldFirst(String),
}

/// What would make room now; nothing while pods are about to leave by themselves.
#[must_use]
pub fn ways(facts: &Facts, quotas: &[ResourceQuota]) -> Vec<Way> {
    let refused = creation::findings(&facts.workloads, &facts.events).into_iter();
    let refused =
        refused.filter(|found| found.code == FailureCode::QuotaExceeded && !found.provable);
    let some_leave = facts
        .pods
        .iter()
        .any(|pod| pod.metadata.deletion_timestamp.is_some());
    let mut database = facts.workloads.stateful_sets.iter();
    let settled = database.all(|set| rollout::stateful_set(set) == Rollout::Complete);
    let ways = refused.filter_map(|found| {
        if has_room(&creation::requested(&found.detail), quotas) {
            return Some(Way::AskAgain(found.object));
        }
        let in_the_way = facts.workloads.deployments.iter().any(|deployment| {
            found.object == format!("Deployment/{}", deployment.name_any())
                && has_old_pods(deployment)
        });
        (in_the_way && settled && !some_leave).then_some(Way::OldFirst(found.object))
    });
    ways.collect()
}

fn has_room(requested: &BTreeMap<String, f64>, quotas: &[ResourceQuota]) -> bool {
    let fits = |quota: &ResourceQuota| {
        let amount = |amounts: Option<&BTreeMap<String, Quantity>>, name: &str| {
            creation::quantity(&amounts?.get(name)?.0)
        };
        requested.iter().all(|(name, more)| {
            let hard = quota.spec.as_ref().and_then(|spec| spec.hard.as_ref());
            let used = quota
                .status
                .as_ref()
                .and_then(|status| status.used.as_ref());
            match (amount(hard, name), amount(used, name)) {
                (Some(hard), Some(used)) => used + more <= hard,
                (hard, _) => hard.is_none(),
            }
        })
    };
    !requested.is_empty() && quotas.iter().all(fits)
}

fn has_old_pods(deployment: &Deployment) -> bool {
    let status = deployment.status.clone().unwrap_or_default();
    let seen = status.observed_generation >= deployment.metadata.generation;
    seen && status.replicas > status.updated_replicas
}

/// Make room in that way. *Repeating it:* changes nothing more. The chart sets the
/// strategy back with the next release.
///
/// # Errors
/// [`ClusterError`].
pub async fn make(cluster: &Cluster, store: &str, way: &Way) -> Result<(), ClusterError> {
    match way {
        Way::OldFirst(object) => {
            let first = json!({"spec": {"strategy": {"type": "Recreate", "rollingUpdate": null}}});
            patch(cluster, store, object, &first).await
        }
        Way::AskAgain(object) => {
            // A controller looks at once at what was changed.
            let now = k8s_openapi::jiff::Timestamp::now().to_string();
            let touch = json!({"metadata": {"annotations": {ASKED_AGAIN: now}}});
            patch(cluster, store, object, &touch).await
        }
    }
}

async fn patch(
    cluster: &Cluster,
    store: &str,
    object: &str,
    patch: &Value,
) -> Result<(), ClusterError> {
    let (params, patch) = (PatchParams::default(), Patch::Merge(patch));
    let done = match object.split_once('/') {
        Some(("Deployment", name)) => {
            let api = cluster.of::<Deployment>(store);
            api.patch(name, &params, &patch).await.map(drop)
        }
        Some(("StatefulSet", name)) => {
            let api = cluster.of::<StatefulSet>(store);
            api.patch(name, &params, &patch).await.map(drop)
        }
        Some(("Job", name)) => {
            let api = cluster.of::<Job>(store);
            api.patch(name, &params, &patch).await.map(drop)
        }
        _ => Ok(()),
    };
    match done.map_err(ClusterError::from) {
        Ok(()) | Err(ClusterError::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::workloads::Workloads;

    const REFUSAL: &str = "pods \"w\" is forbidden: exceeded quota: store, requested: requests.memory=96Mi, used: requests.memory=512Mi, limited: requests.memory=576Mi";

    fn facts(old: i32, leaving: bool) -> Facts {
        let conditions = json!([{"type": "ReplicaFailure", "status": "True", "message": REFUSAL}]);
        let deployment = json!({"metadata": {"name": "wordpress"}, "spec": {"selector": {}, "template": {}}, "status": {"replicas": old, "updatedReplicas": 0, "conditions": conditions}});
        let pod = match leaving {
            true => json!({"metadata": {"name": "x", "deletionTimestamp": "2026-11-23T12:00:00Z"}}),
            false => json!({"metadata": {"name": "x"}}),
        };
        Facts {
            workloads: Workloads {
                deployments: vec![serde_json::from_value(deployment).unwrap()],
                ..Workloads::default()
            },
            pods: vec![serde_json::from_value(pod).unwrap()],
            ..Facts::default()
        }
    }

    fn quota(used: &str) -> ResourceQuota {
        let all = json!({"spec": {"hard": {"requests.memory": "576Mi", "pods": "6"}}, "status": {"used": {"requests.memory": used, "pods": "3"}}});
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn room_is_used_at_once_and_old_pods_give_way_when_nothing_else_will() {
        let web = || "Deployment/wordpress".to_owned();
        for (old, leaving, used, expected) in [
            // A pod of the larger plan has left, or none is in the way.
            (0, false, "288Mi", vec![Way::AskAgain(web())]),
            (1, false, "480Mi", vec![Way::AskAgain(web())]),
            // One is about to leave: that is waited for.
            (1, true, "512Mi", vec![]),
            (1, false, "512Mi", vec![Way::OldFirst(web())]),
            // Nothing old is there that could give way.
            (0, false, "512Mi", vec![]),
        ] {
            let found = ways(&facts(old, leaving), &[quota(used)]);
            assert_eq!(
                found, expected,
                "{old} old, leaving: {leaving}, used {used}"
            );
        }
    }

    #[test]
    fn what_no_quota_refuses_needs_no_room() {
        let mut facts = facts(1, false);
        facts.workloads.deployments[0]
            .status
            .as_mut()
            .unwrap()
            .conditions = None;
        assert_eq!(ways(&facts, &[quota("0")]), []);
    }
}
