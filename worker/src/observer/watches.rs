//! The shared watches: one for each kind, whatever the number of stores.

use std::time::Instant;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::core::PartialObjectMeta;
use kube::{Api, ResourceExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;
use crate::cluster::labels::INSTALLATION;
use crate::observer::facts;
use crate::observer::follow::Follow;
use crate::observer::picture::{Told, looks_like_a_store};

/// Changes that wait to be taken in; the watches wait when there are more.
const BACKLOG: usize = 256;
/// Workloads and pods of stores, without the set-up's.
const SERVING: &str = "app.kubernetes.io/part-of=urumi-store-platform,app.kubernetes.io/component in (mysql,wordpress)";
/// The Leases of stores, and no other ones of the platform's.
const STORES: &str = "urumi.dev/store";
/// Of namespaces also those that are not ours: they belong in the inventory.
const ALL: &str = "";

/// Start all watches; they end with the set that is given back.
#[must_use]
pub fn start(
    cluster: &Cluster,
    platform: &str,
    stop: &CancellationToken,
) -> (JoinSet<()>, mpsc::Receiver<Told>) {
    let (out, told) = mpsc::channel(BACKLOG);
    let client = || cluster.watches();
    let mut watches = JoinSet::new();
    let namespaces = Follow {
        api: Api::<PartialObjectMeta<Namespace>>::all(client()),
        labels: ALL,
        read: |found| {
            let ours = found.labels().contains_key(INSTALLATION);
            let wanted = ours || looks_like_a_store(&found.name_any());
            wanted.then(|| facts::namespace(found))
        },
        wrap: Told::Namespace,
        out: out.clone(),
    };
    watches.spawn(namespaces.run(stop.clone()));
    let leases = Follow {
        api: Api::<Lease>::namespaced(client(), platform),
        labels: STORES,
        read: |found| Some(facts::lease(found, Instant::now())),
        wrap: Told::Lease,
        out: out.clone(),
    };
    watches.spawn(leases.run(stop.clone()));
    let deployments = Follow {
        api: Api::<Deployment>::all(client()),
        labels: SERVING,
        read: |found| in_a_store(found).then(|| facts::deployment(found)),
        wrap: Told::Deployment,
        out: out.clone(),
    };
    watches.spawn(deployments.run(stop.clone()));
    let stateful_sets = Follow {
        api: Api::<StatefulSet>::all(client()),
        labels: SERVING,
        read: |found| in_a_store(found).then(|| facts::stateful_set(found)),
        wrap: Told::StatefulSet,
        out: out.clone(),
    };
    watches.spawn(stateful_sets.run(stop.clone()));
    let pods = Follow {
        api: Api::<Pod>::all(client()),
        labels: SERVING,
        read: |found| in_a_store(found).then(|| facts::pod(found)),
        wrap: Told::Pod,
        out,
    };
    watches.spawn(pods.run(stop.clone()));
    (watches, told)
}

fn in_a_store(found: &impl ResourceExt) -> bool {
    let namespace = found.namespace();
    namespace.is_some_and(|name| looks_like_a_store(&name))
}
