//! Fetching what is left of a namespace on its way out: only the kinds of which
//! its conditions say that there are some, and only their metadata. Our rights in it
//! go with its RoleBinding; what cannot be looked at after that, it tells itself.

use k8s_openapi::api::core::v1::{Namespace, PersistentVolumeClaim, Pod};
use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, ResourceExt as _};

use crate::cluster::leaving::{
    Clock, Found, Holder, Remaining, of_namespace, of_object, remaining,
};
use crate::cluster::{Cluster, ClusterError};

/// Objects of one kind that are looked at: enough to name what blocks.
const SOME: u32 = 50;

/// What holds a namespace that is being removed, what blocks first.
///
/// # Errors
/// [`ClusterError`].
pub async fn namespace(
    cluster: &Cluster,
    namespace: &Namespace,
    clock: Clock,
) -> Result<Vec<Holder>, ClusterError> {
    let name = namespace.name_any();
    let some = ListParams::default().limit(SOME);
    let pods = cluster.of::<Pod>(&name).list(&some).await?.items;
    let (mut others, mut unseen) = (Vec::new(), Vec::new());
    for kind in remaining(namespace) {
        if kind.group.is_empty() && kind.plural == "pods" {
            continue;
        }
        // A kind that is not served any more is named by the discovery's failure.
        if let Some(resource) = resource(cluster, &kind).await? {
            let api: Api<DynamicObject> =
                Api::namespaced_with(cluster.requests(), &name, &resource);
            let found = api.list_metadata(&some).await.map_err(ClusterError::from);
            match found {
                Ok(found) => others.extend(found.items.into_iter().map(|object| Found {
                    kind: resource.kind.clone(),
                    meta: object.metadata,
                })),
                Err(ClusterError::Forbidden(_)) => unseen.push(kind),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(of_namespace(namespace, &pods, &others, &unseen, clock))
}

/// What holds volume claims that are being removed.
///
/// # Errors
/// [`ClusterError`].
pub async fn claims(
    cluster: &Cluster,
    store: &str,
    clock: Clock,
) -> Result<Vec<Holder>, ClusterError> {
    let all = ListParams::default();
    let (claims, pods) = (
        cluster.of::<PersistentVolumeClaim>(store),
        cluster.of::<Pod>(store),
    );
    let (claims, pods) = tokio::try_join!(claims.list_metadata(&all), pods.list(&all))?;
    let found = claims.items.into_iter().map(|claim| Found {
        kind: "PersistentVolumeClaim".to_owned(),
        meta: claim.metadata,
    });
    Ok(found
        .filter_map(|found| of_object(&found, &pods.items, clock))
        .collect())
}

/// How that kind is asked for, by what the apiserver says of its group.
async fn resource(
    cluster: &Cluster,
    kind: &Remaining,
) -> Result<Option<ApiResource>, ClusterError> {
    let client = cluster.requests();
    let (version, list) = if kind.group.is_empty() {
        ("v1".to_owned(), client.list_core_api_resources("v1").await?)
    } else {
        let groups = client.list_api_groups().await?.groups;
        let group = groups.into_iter().find(|group| group.name == kind.group);
        let Some(best) = group.and_then(|group| {
            let first = group.versions.first().cloned();
            group.preferred_version.or(first)
        }) else {
            return Ok(None);
        };
        let list = client.list_api_group_resources(&best.group_version).await?;
        (best.version, list)
    };
    let found = list
        .resources
        .iter()
        .find(|found| found.name == kind.plural);
    Ok(found.map(|found| {
        let whole = GroupVersionKind::gvk(&kind.group, &version, &found.kind);
        ApiResource::from_gvk_with_plural(&whole, &kind.plural)
    }))
}
