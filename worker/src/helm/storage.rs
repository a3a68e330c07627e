//! helm's storage in the cluster: which revisions a release has, by the labels
//! of their Secrets, and the record of one. No `helm status` is ever run.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::core::PartialObjectMeta;
use kube::{Api, ResourceExt as _};
use shared::ids::StoreId;

use crate::cluster::labels::DIGEST;
use crate::cluster::{Cluster, ClusterError};
use crate::helm::record::{Record, RecordError};

/// What helm says of a revision.
/// Source: `helm.sh/helm/v4/pkg/release/common/status.go`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseStatus {
    /// In force.
    Deployed,
    /// A later one is in force.
    Superseded,
    /// It ended with an error.
    Failed,
    /// Being installed, or its helm was killed.
    PendingInstall,
    /// Being upgraded, or its helm was killed.
    PendingUpgrade,
    /// Being rolled back, or its helm was killed.
    PendingRollback,
    /// Being removed, or its helm was killed.
    Uninstalling,
    /// Removed, with its history kept.
    Uninstalled,
    /// A word of a newer helm.
    Unknown,
}

impl ReleaseStatus {
    fn parse(text: &str) -> Self {
        match text {
            "deployed" => Self::Deployed,
            "superseded" => Self::Superseded,
            "failed" => Self::Failed,
            "pending-install" => Self::PendingInstall,
            "pending-upgrade" => Self::PendingUpgrade,
            "pending-rollback" => Self::PendingRollback,
            "uninstalling" => Self::Uninstalling,
            "uninstalled" => Self::Uninstalled,
            _ => Self::Unknown,
        }
    }
}

/// A release by its newest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The newest revision.
    pub revision: i64,
    /// Its status.
    pub status: ReleaseStatus,
    /// What it was made of, if we made it.
    pub digest: Option<String>,
    /// The newest revision before it that was in force.
    pub last_good: Option<i64>,
    /// Whether an older revision says that it is in force, too.
    pub doubled: bool,
}

/// A record that could not be fetched or read.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The cluster's word.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Its content.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// The release of a store; `None` if helm knows nothing of it.
///
/// # Errors
/// [`ClusterError`].
pub async fn find(cluster: &Cluster, store: &StoreId) -> Result<Option<Release>, ClusterError> {
    let api: Api<PartialObjectMeta<Secret>> = Api::namespaced(cluster.requests(), store.as_str());
    let ours = ListParams::default().labels(&format!("owner=helm,name={store}"));
    let secrets = api.list(&ours).await?;
    let labels: Vec<_> = secrets.items.iter().map(|s| s.labels().clone()).collect();
    Ok(read(&labels))
}

/// The newest revision among these labels of release Secrets. Pure.
fn read(labels: &[BTreeMap<String, String>]) -> Option<Release> {
    let mut revisions: Vec<(i64, ReleaseStatus, Option<&String>)> = labels
        .iter()
        .filter_map(|labels| {
            let revision = labels.get("version")?.parse().ok()?;
            let status = labels.get("status").map_or("", String::as_str);
            Some((revision, ReleaseStatus::parse(status), labels.get(DIGEST)))
        })
        .collect();
    revisions.sort_by_key(|(revision, ..)| *revision);
    let (revision, status, digest) = revisions.pop()?;
    let was_good = |status: ReleaseStatus| {
        matches!(status, ReleaseStatus::Deployed | ReleaseStatus::Superseded)
    };
    let last_good = revisions.iter().rev().find(|(_, s, _)| was_good(*s));
    let older = revisions
        .iter()
        .any(|(_, s, _)| *s == ReleaseStatus::Deployed);
    Some(Release {
        revision,
        status,
        digest: digest.cloned(),
        last_good: last_good.map(|(revision, ..)| *revision),
        doubled: older && status == ReleaseStatus::Deployed,
    })
}

/// The Secret of a revision and the record in it.
///
/// # Errors
/// [`StorageError`].
pub async fn record(
    cluster: &Cluster,
    store: &StoreId,
    revision: i64,
) -> Result<(Secret, Record), StorageError> {
    let name = format!("sh.helm.release.v1.{store}.v{revision}");
    let api: Api<Secret> = cluster.of(store.as_str());
    let secret = api.get(&name).await.map_err(ClusterError::from)?;
    let content = secret.data.as_ref().and_then(|parts| parts.get("release"));
    let record = Record::decode(content.map_or(&[], |bytes| bytes.0.as_slice()))?;
    Ok((secret, record))
}

/// Set a revision's status to `failed`, in its record and in its label, so that
/// helm goes on from it. Fails with a conflict if anybody changed it meanwhile.
///
/// # Errors
/// [`StorageError`].
pub async fn mark_failed(
    cluster: &Cluster,
    store: &StoreId,
    revision: i64,
) -> Result<(), StorageError> {
    let (mut secret, record) = record(cluster, store, revision).await?;
    let record = record.failed("the helm that worked on it was lost");
    let content = k8s_openapi::ByteString(record.encode()?);
    secret
        .data
        .get_or_insert_default()
        .insert("release".to_owned(), content);
    secret
        .labels_mut()
        .insert("status".to_owned(), "failed".to_owned());
    let api: Api<Secret> = cluster.of(store.as_str());
    let name = secret.name_any();
    // The Secret carries the resourceVersion it was read at.
    api.replace(&name, &Default::default(), &secret)
        .await
        .map_err(ClusterError::from)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(version: &str, status: &str) -> BTreeMap<String, String> {
        [("version", version), ("status", status), (DIGEST, "abc")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn two_revisions_in_force_are_seen() {
        for (older, newest, doubled) in [
            ("deployed", "deployed", true),
            ("superseded", "deployed", false),
            ("deployed", "failed", false),
        ] {
            let release = read(&[labels("2", newest), labels("1", older)]).unwrap();
            assert_eq!(release.doubled, doubled, "{older} {newest}");
        }
    }

    #[test]
    fn the_newest_revision_speaks_for_the_release() {
        for (history, revision, status, last_good) in [
            (vec![("1", "deployed")], 1, ReleaseStatus::Deployed, None),
            (
                vec![("10", "failed"), ("9", "deployed"), ("8", "superseded")],
                10,
                ReleaseStatus::Failed,
                Some(9),
            ),
            (
                vec![("1", "failed"), ("2", "pending-upgrade")],
                2,
                ReleaseStatus::PendingUpgrade,
                None,
            ),
            (
                vec![("1", "deployed"), ("2", "deployed")],
                2,
                ReleaseStatus::Deployed,
                Some(1),
            ),
            (vec![("1", "frozen")], 1, ReleaseStatus::Unknown, None),
        ] {
            let history: Vec<_> = history.iter().map(|(v, s)| labels(v, s)).collect();
            let release = read(&history).unwrap();
            assert_eq!(
                (release.revision, release.status, release.last_good),
                (revision, status, last_good)
            );
        }
        assert_eq!(read(&[]), None);
    }
}
