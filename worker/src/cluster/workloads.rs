//! A store's workloads, fetched together.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::ListParams;

use crate::cluster::labels::{COMPONENT, INSTANCE, SHOP};
use crate::cluster::{Cluster, ClusterError};
use crate::storefront::Shop;

/// Name of the web pods' Deployment, and of their autoscaler.
pub const WEB: &str = "wordpress";

/// What a store runs.
#[derive(Debug, Clone, Default)]
pub struct Workloads {
    /// The database.
    pub stateful_sets: Vec<StatefulSet>,
    /// The set-up.
    pub jobs: Vec<Job>,
    /// The web pods.
    pub deployments: Vec<Deployment>,
}

impl Workloads {
    /// What the store is to be, as its chart says. One that says nothing is older
    /// than the shops.
    #[must_use]
    pub fn shop(&self) -> Shop {
        let mut told = self.deployments.iter().map(|one| one.annotations());
        Shop::told(told.find_map(|annotations| annotations.get(SHOP)))
    }
}

/// The label selector of a store's workloads. The runs of the CronJob come and go;
/// none is waited for.
#[must_use]
pub fn of_release(store: &str) -> String {
    format!("{INSTANCE}={store},{}", serving())
}

/// The label selector of pods that may hold something up: a task that failed once
/// does not.
#[must_use]
pub fn serving() -> String {
    format!("{COMPONENT}!=cron")
}

/// The workloads of a store's release.
///
/// # Errors
/// [`ClusterError`].
pub async fn fetch(cluster: &Cluster, store: &str) -> Result<Workloads, ClusterError> {
    let ours = ListParams::default().labels(&of_release(store));
    let (stateful_sets, jobs, deployments) = (
        cluster.of::<StatefulSet>(store),
        cluster.of::<Job>(store),
        cluster.of::<Deployment>(store),
    );
    let (stateful_sets, jobs, deployments) = tokio::try_join!(
        stateful_sets.list(&ours),
        jobs.list(&ours),
        deployments.list(&ours),
    )?;
    Ok(Workloads {
        stateful_sets: stateful_sets.items,
        jobs: jobs.items,
        deployments: deployments.items,
    })
}

/// The images of what runs for good, by container; not the set-up's. Pure.
#[must_use]
pub fn images(workloads: &Workloads) -> BTreeMap<String, String> {
    let sets = workloads.stateful_sets.iter().filter_map(|set| {
        let template = &set.spec.as_ref()?.template;
        template.spec.as_ref()
    });
    let webs = workloads.deployments.iter().filter_map(|web| {
        let template = &web.spec.as_ref()?.template;
        template.spec.as_ref()
    });
    let containers = sets.chain(webs).flat_map(|pod| &pod.containers);
    let named = containers.filter_map(|container| {
        let image = container.image.clone()?;
        Some((container.name.clone(), image))
    });
    named.collect()
}

/// How many web pods are asked for; `None` where there is no such Deployment. Pure.
#[must_use]
pub fn web_replicas(workloads: &Workloads) -> Option<i32> {
    let mut webs = workloads.deployments.iter();
    let web = webs.find(|found| found.name_any() == WEB)?;
    Some(web.spec.as_ref()?.replicas.unwrap_or(1))
}

/// One pod, for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodIdentity {
    /// Its name, which its successor gets again.
    pub name: String,
    /// Its own for ever.
    pub uid: String,
}

/// Pods that hold up their StatefulSet: not ready, and not of the revision that
/// is wanted. Pure.
#[must_use]
pub fn stuck(stateful_sets: &[StatefulSet], pods: &[Pod]) -> Vec<PodIdentity> {
    let of_set = |set: &StatefulSet| {
        let status = set.status.clone().unwrap_or_default();
        let seen = status.observed_generation >= set.metadata.generation;
        let wanted = status.update_revision.filter(|_| seen);
        let uid = set.uid();
        let found = pods.iter().filter(move |pod| {
            let owned = pod
                .owner_references()
                .iter()
                .any(|o| Some(&o.uid) == uid.as_ref());
            let revision = pod.labels().get("controller-revision-hash");
            owned
                && wanted.is_some()
                && revision != wanted.as_ref()
                && pod.metadata.deletion_timestamp.is_none()
                && !is_ready(pod)
        });
        found.map(|pod| PodIdentity {
            name: pod.name_any(),
            uid: pod.uid().unwrap_or_default(),
        })
    };
    stateful_sets.iter().flat_map(of_set).collect()
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|s| s.conditions.as_ref());
    let mut ready = conditions
        .into_iter()
        .flatten()
        .filter(|c| c.type_ == "Ready");
    ready.any(|condition| condition.status == "True")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn images_and_web_pods_are_told_by_their_names() {
        let template = |name: &str, image: &str| json!({"spec": {"containers": [{"name": name, "image": image}]}});
        let web: Deployment = serde_json::from_value(json!({"metadata": {"name": "wordpress"}, "spec": {"replicas": 3, "selector": {}, "template": template("wordpress", "wordpress:7.1")}})).unwrap();
        let database: StatefulSet = serde_json::from_value(json!({"metadata": {"name": "mysql"}, "spec": {"serviceName": "m", "selector": {}, "template": template("mysql", "mysql:8.4")}})).unwrap();
        let workloads = Workloads {
            stateful_sets: vec![database],
            deployments: vec![web],
            jobs: Vec::new(),
        };
        let expected = json!({"mysql": "mysql:8.4", "wordpress": "wordpress:7.1"});
        assert_eq!(json!(images(&workloads)), expected);
        assert_eq!(web_replicas(&workloads), Some(3));
        assert_eq!(web_replicas(&Workloads::default()), None);
    }

    #[test]
    fn a_stuck_pod_is_not_ready_and_of_another_revision() {
        let set = |observed: i64| -> StatefulSet {
            serde_json::from_value(json!({"metadata": {"name": "mysql", "uid": "s", "generation": 2}, "spec": {"serviceName": "m", "selector": {}, "template": {}}, "status": {"replicas": 1, "observedGeneration": observed, "updateRevision": "new"}})).unwrap()
        };
        let pod = |revision: &str, ready: &str, owner: &str| -> Pod {
            serde_json::from_value(json!({"metadata": {"name": "mysql-0", "uid": "p", "labels": {"controller-revision-hash": revision}, "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "mysql", "uid": owner}]}, "status": {"conditions": [{"type": "Ready", "status": ready}]}})).unwrap()
        };
        for (set, pod, is_stuck) in [
            (set(2), pod("old", "False", "s"), true),
            (set(2), pod("new", "False", "s"), false),
            (set(2), pod("old", "True", "s"), false),
            (set(1), pod("old", "False", "s"), false),
            (set(2), pod("old", "False", "another"), false),
        ] {
            assert_eq!(!stuck(&[set], &[pod]).is_empty(), is_stuck);
        }
    }
}
