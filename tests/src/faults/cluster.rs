//! What the cluster holds of an installation, read past the worker.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Namespace, Pod, Secret};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;

/// One store's namespace.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// It is being removed.
    pub terminating: bool,
    /// `(release, revision, status)` of helm's records.
    pub releases: Vec<(String, u64, String)>,
    pub deployments: usize,
    pub statefulsets: usize,
}

impl Place {
    /// Different releases.
    #[must_use]
    pub fn release_count(&self) -> usize {
        let mut names: Vec<_> = self.releases.iter().map(|(name, ..)| name).collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    }

    /// Records of a status.
    #[must_use]
    pub fn with_status(&self, status: &str) -> usize {
        self.releases
            .iter()
            .filter(|(_, _, found)| found == status)
            .count()
    }
}

/// Each namespace with the installation's mark.
///
/// # Errors
/// The cluster's.
pub async fn places(client: &Client, installation: &str) -> Result<BTreeMap<String, Place>> {
    let mut places = BTreeMap::new();
    for namespace in marked(client, installation).await? {
        let name = namespace.name_any();
        let place = Place {
            terminating: namespace.metadata.deletion_timestamp.is_some(),
            releases: releases(client, &name).await?,
            deployments: count(Api::<Deployment>::namespaced(client.clone(), &name)).await?,
            statefulsets: count(Api::<StatefulSet>::namespaced(client.clone(), &name)).await?,
        };
        places.insert(name, place);
    }
    Ok(places)
}

/// Whether helm's newest word in a namespace is that it has begun.
///
/// # Errors
/// The cluster's.
pub async fn helm_is_at_work(client: &Client, namespace: &str) -> Result<bool> {
    let releases = releases(client, namespace).await?;
    let newest = releases.iter().max_by_key(|(_, revision, _)| revision);
    Ok(newest.is_some_and(|(_, _, status)| status.starts_with("pending-")))
}

/// Let a store's database pod be not ready, of no phase that a simulated node
/// knows: it stays so until it is removed.
///
/// # Errors
/// The cluster's, or if there is no such pod.
pub async fn halt_database(client: &Client, namespace: &str) -> Result<()> {
    let pods = Api::<Pod>::namespaced(client.clone(), namespace);
    let of_set = |pod: &&Pod| {
        let mut owners = pod.owner_references().iter();
        owners.any(|owner| owner.kind == "StatefulSet")
    };
    let all = pods.list(&ListParams::default()).await?;
    let pod = all.iter().find(of_set).context("no database pod")?;
    let not = |kind: &str| json!({"type": kind, "status": "False", "reason": "HaltedByATest"});
    let halted = json!({"status": {
        "phase": "Unknown",
        "conditions": [not("Ready"), not("ContainersReady")],
    }});
    let name = pod.name_any();
    pods.patch_status(&name, &PatchParams::default(), &Patch::Merge(halted))
        .await?;
    Ok(())
}

/// Remove what a platform left: the stores' namespaces and its own.
///
/// # Errors
/// The cluster's.
pub async fn sweep_up(client: &Client, installation: &str) -> Result<()> {
    let api = Api::<Namespace>::all(client.clone());
    let mut names: Vec<String> = marked(client, installation)
        .await?
        .iter()
        .map(|namespace| namespace.name_any())
        .collect();
    names.push(format!("urumi-{installation}"));
    for name in names {
        // What is gone already is fine.
        let _ = api.delete(&name, &DeleteParams::default()).await;
    }
    Ok(())
}

async fn marked(client: &Client, installation: &str) -> Result<Vec<Namespace>> {
    let ours = ListParams::default().labels(&format!("urumi.dev/installation={installation}"));
    Ok(Api::<Namespace>::all(client.clone())
        .list(&ours)
        .await?
        .items)
}

async fn releases(client: &Client, namespace: &str) -> Result<Vec<(String, u64, String)>> {
    let helms = ListParams::default().labels("owner=helm");
    let secrets = Api::<Secret>::namespaced(client.clone(), namespace);
    let found = secrets.list_metadata(&helms).await?.items;
    Ok(found
        .iter()
        .map(|secret| {
            let label = |name: &str| secret.labels().get(name).cloned().unwrap_or_default();
            let revision = label("version").parse().unwrap_or(0);
            (label("name"), revision, label("status"))
        })
        .collect())
}

async fn count<K>(api: Api<K>) -> Result<usize>
where
    K: Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    Ok(api.list_metadata(&ListParams::default()).await?.items.len())
}
