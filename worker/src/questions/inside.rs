//! What a store is made of: its pods, volumes and quota, as the cluster lists them.

use k8s_openapi::api::core::v1::{
    ContainerStatus, PersistentVolumeClaim, Pod, PodStatus, ResourceQuota,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::ListParams;
use shared::contract::question::{ContainerSeen, Inside, PodSeen, UsageSeen, VolumeSeen};
use time::OffsetDateTime;

use crate::cluster::labels::COMPONENT;
use crate::cluster::{Cluster, ClusterError};

/// Look.
///
/// # Errors
/// [`ClusterError`].
pub(super) async fn look(
    cluster: &Cluster,
    store: &str,
    looked_at: OffsetDateTime,
) -> Result<Inside, ClusterError> {
    let all = ListParams::default();
    let (pods, claims, quotas) = (
        cluster.of::<Pod>(store),
        cluster.of::<PersistentVolumeClaim>(store),
        cluster.of::<ResourceQuota>(store),
    );
    let (pods, claims, quotas) =
        tokio::try_join!(pods.list(&all), claims.list(&all), quotas.list(&all))?;
    let mut pods: Vec<PodSeen> = pods.items.iter().map(pod).collect();
    pods.sort_by(|a, b| a.name.cmp(&b.name));
    let mut volumes: Vec<VolumeSeen> = claims.items.iter().map(volume).collect();
    volumes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Inside {
        looked_at,
        pods,
        volumes,
        usage: quotas.items.iter().flat_map(usage).collect(),
    })
}

fn pod(pod: &Pod) -> PodSeen {
    let none = PodStatus::default();
    let status = pod.status.as_ref().unwrap_or(&none);
    let is_true = |kind: &str| {
        let mut conditions = status.conditions.iter().flatten();
        conditions.any(|condition| condition.type_ == kind && condition.status == "True")
    };
    let setting_up = status.init_container_statuses.iter().flatten();
    let serving = status.container_statuses.iter().flatten();
    PodSeen {
        name: pod.name_any(),
        part: pod.labels().get(COMPONENT).cloned().unwrap_or_default(),
        phase: status.phase.clone().unwrap_or_else(|| "Unknown".to_owned()),
        ready: is_true("Ready"),
        started_at: status.start_time.as_ref().and_then(|time| moment(time.0)),
        containers: setting_up.chain(serving).map(container).collect(),
    }
}

fn container(status: &ContainerStatus) -> ContainerSeen {
    let state = status.state.clone().unwrap_or_default();
    let (state, reason) = if state.running.is_some() {
        ("Running", None)
    } else if let Some(ended) = state.terminated {
        ("Ended", ended.reason)
    } else {
        ("Waiting", state.waiting.and_then(|waiting| waiting.reason))
    };
    ContainerSeen {
        name: status.name.clone(),
        image: status.image.clone(),
        state: state.to_owned(),
        reason: reason.unwrap_or_default(),
        restarts: u32::try_from(status.restart_count).unwrap_or_default(),
    }
}

fn volume(claim: &PersistentVolumeClaim) -> VolumeSeen {
    let status = claim.status.as_ref();
    let bound = status.and_then(|status| status.capacity.as_ref());
    let asked = claim.spec.as_ref().and_then(|spec| spec.resources.as_ref());
    let asked = asked.and_then(|resources| resources.requests.as_ref());
    let size = [bound, asked]
        .into_iter()
        .flatten()
        .find_map(|sizes| sizes.get("storage"));
    VolumeSeen {
        name: claim.name_any(),
        phase: status
            .and_then(|status| status.phase.clone())
            .unwrap_or_else(|| "Pending".to_owned()),
        size: size.map(|Quantity(size)| size.clone()).unwrap_or_default(),
    }
}

/// What a quota counts, in the order of its names.
fn usage(quota: &ResourceQuota) -> Vec<UsageSeen> {
    let Some(status) = &quota.status else {
        return Vec::new();
    };
    let counted = status.hard.iter().flatten();
    let used = |resource: &str| {
        let used = status.used.as_ref()?.get(resource)?;
        Some(used.0.clone())
    };
    counted
        .map(|(resource, Quantity(limit))| UsageSeen {
            resource: resource.clone(),
            used: used(resource).unwrap_or_else(|| "0".to_owned()),
            limit: limit.clone(),
        })
        .collect()
}

fn moment(time: Timestamp) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(time.as_second()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_pod_says_what_its_containers_do_and_why() {
        let seen = pod(&read(json!({
            "metadata": {"name": "wordpress-1", "labels": {COMPONENT: "wordpress"}},
            "status": {"phase": "Running", "startTime": "2026-11-30T12:00:00Z",
                "conditions": [{"type": "Ready", "status": "False"}],
                "initContainerStatuses": [{"name": "files", "image": "i", "imageID": "", "ready": true,
                    "restartCount": 0, "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}],
                "containerStatuses": [
                    {"name": "wordpress", "image": "w", "imageID": "", "ready": false, "restartCount": 4,
                        "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
                    {"name": "side", "image": "s", "imageID": "", "ready": true, "restartCount": 0,
                        "state": {"running": {}}}]}
        })));
        assert!(!seen.ready);
        assert_eq!(seen.part, "wordpress");
        assert_eq!(seen.started_at.unwrap().unix_timestamp(), 1_796_040_000);
        let told: Vec<_> = seen
            .containers
            .iter()
            .map(|one| {
                (
                    one.name.as_str(),
                    one.state.as_str(),
                    one.reason.as_str(),
                    one.restarts,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("files", "Ended", "Completed", 0),
                ("wordpress", "Waiting", "CrashLoopBackOff", 4),
                ("side", "Running", "", 0)
            ]
        );
        // One of which nothing is known yet.
        let fresh = pod(&read(json!({"metadata": {"name": "mysql-0"}})));
        assert_eq!((fresh.phase.as_str(), fresh.ready), ("Unknown", false));
    }

    #[test]
    fn a_volume_has_the_size_that_it_got_or_else_asked_for() {
        let size = |capacity: Value| {
            volume(&read(json!({"metadata": {"name": "data-mysql-0"},
                "spec": {"resources": {"requests": {"storage": "2Gi"}}},
                "status": {"phase": "Bound", "capacity": capacity}})))
            .size
        };
        assert_eq!(size(json!({"storage": "5Gi"})), "5Gi");
        assert_eq!(size(json!({})), "2Gi");
    }

    #[test]
    fn a_quota_says_used_of_limit_for_all_that_it_counts() {
        let quota = read(json!({"status": {
            "hard": {"pods": "6", "requests.memory": "1Gi"}, "used": {"requests.memory": "512Mi"}}}));
        let told: Vec<_> = usage(&quota)
            .into_iter()
            .map(|one| (one.resource, one.used, one.limit))
            .collect();
        let word = str::to_owned;
        assert_eq!(
            told,
            [
                (word("pods"), word("0"), word("6")),
                (word("requests.memory"), word("512Mi"), word("1Gi"))
            ]
        );
    }
}
