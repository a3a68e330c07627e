//! helm's word on a store's release, and whether all that the release is made of is
//! there.

use kube::Api;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};

use crate::cluster::{Cluster, ClusterError};
use crate::converge::observed::Found;
use crate::converge::taken::Taken;
use crate::converge::{Job, Wanted};
use crate::helm::record::Part;
use crate::helm::{Release, ReleaseStatus, storage};

/// Whether the release is the wanted one, and whole. Its objects are looked at
/// once in a try: after that only we could have removed them.
pub(super) async fn of_release(
    job: &Job<'_>,
    taken: &mut Taken,
    release: Release,
) -> Result<Found, ClusterError> {
    let digest = job.wanted.as_ref().map(|Wanted { digest, .. }| digest);
    let wanted = release.digest.as_ref() == digest;
    let look = wanted
        && release.status == ReleaseStatus::Deployed
        && !taken.has_verified(release.revision);
    let missing = if look {
        missing(job, release.revision).await?
    } else {
        Vec::new()
    };
    if look && missing.is_empty() {
        taken.verified(release.revision);
    }
    Ok(Found::Release {
        release,
        wanted,
        missing,
    })
}

/// Objects of a revision's manifest that are not there. A record that cannot be
/// read makes the release as good as gone: helm is asked to make it again.
async fn missing(job: &Job<'_>, revision: i64) -> Result<Vec<String>, ClusterError> {
    let (cluster, store) = (&job.context.cluster, &job.command.store_id);
    let parts = match storage::record(cluster, store, revision).await {
        Ok((_, record)) => record.parts(),
        Err(storage::StorageError::Cluster(error)) => return Err(error),
        Err(storage::StorageError::Record(error)) => Err(error),
    };
    let parts = match parts {
        Ok(parts) => parts,
        Err(error) => return Ok(vec![error.to_string()]),
    };
    // What Kubernetes itself removes after its end is not missed.
    let lasting = parts.iter().filter(|part| !part.passing);
    let looks = lasting.map(|part| is_missing(cluster, store.as_str(), part));
    let found = futures_util::future::try_join_all(looks).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn is_missing(
    cluster: &Cluster,
    store: &str,
    part: &Part,
) -> Result<Option<String>, ClusterError> {
    let (group, version) = part
        .api_version
        .split_once('/')
        .unwrap_or(("", &part.api_version));
    let kind = GroupVersionKind::gvk(group, version, &part.kind);
    let resource = ApiResource::from_gvk(&kind);
    let api: Api<DynamicObject> = Api::namespaced_with(cluster.requests(), store, &resource);
    let found = api.get_metadata_opt(&part.name).await?;
    Ok(found
        .is_none()
        .then(|| format!("{}/{}", part.kind, part.name)))
}
