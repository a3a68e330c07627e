//! Leases of deleted stores whose time has passed are removed. A Lease without
//! such a mark never is, and none that changed since it was seen.

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::{DeleteParams, Preconditions};

use crate::cluster::{Cluster, ClusterError};
use crate::observer::facts::LeaseFacts;

/// Removals in one go; the rest waits for the next.
const MOST: usize = 100;

/// A Lease that may go, exactly as it was seen.
#[derive(Debug, Clone)]
pub struct Expired {
    name: String,
    seen: Preconditions,
}

/// Those that may go at that time of the apiserver. Pure.
#[must_use]
pub fn expired<'a>(
    leases: impl Iterator<Item = (&'a str, &'a LeaseFacts)>,
    now: Timestamp,
) -> Vec<Expired> {
    let over = leases.filter(|(_, lease)| {
        lease.held.is_none() && lease.tombstone.is_some_and(|until| until < now)
    });
    over.take(MOST)
        .map(|(name, lease)| Expired {
            name: name.to_owned(),
            seen: Preconditions {
                uid: Some(lease.uid.clone()),
                resource_version: Some(lease.version.clone()),
            },
        })
        .collect()
}

/// Remove them, one after the other; stops at the first sign that the cluster is
/// away.
pub async fn remove(cluster: Cluster, namespace: String, expired: Vec<Expired>) {
    let api: Api<Lease> = Api::namespaced(cluster.requests(), &namespace);
    for Expired { name, seen } in expired {
        let params = DeleteParams::default().preconditions(seen);
        match api.delete(&name, &params).await.map_err(ClusterError::from) {
            Ok(_) => tracing::info!(
                store.id = name,
                "a tombstone's time has passed, it is removed"
            ),
            // It changed since, or somebody removed it.
            Err(ClusterError::Conflict(_) | ClusterError::NotFound(_)) => {}
            Err(error) => {
                tracing::warn!(store.id = name, error = %error.detail(), "a tombstone stays");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn only_a_tombstone_whose_time_has_passed_goes() {
        let at = |second| Timestamp::from_second(second).ok();
        let lease = |tombstone, held: bool| LeaseFacts {
            held: held.then(Instant::now),
            was_ready: false,
            tombstone,
            uid: "u".to_owned(),
            version: "7".to_owned(),
        };
        for (found, goes) in [
            (lease(at(99), false), true),
            (lease(at(100), false), false),
            (lease(at(101), false), false),
            (lease(at(99), true), false),
            (lease(None, false), false),
        ] {
            let all = expired([("store-k7q2mx", &found)].into_iter(), at(100).unwrap());
            assert_eq!(all.len(), usize::from(goes), "{found:?}");
            for one in all {
                assert_eq!(one.seen.uid.as_deref(), Some("u"));
                assert_eq!(one.seen.resource_version.as_deref(), Some("7"));
            }
        }
    }
}
