//! Every object of every kind that the cluster lists.

use std::collections::BTreeSet;

use anyhow::Result;
use kube::api::{DynamicObject, ListParams};
use kube::discovery::{Discovery, verbs};
use kube::{Api, Client, ResourceExt as _};

/// What comes and goes by itself, or tells of what was.
const PASSING: [&str; 2] = ["Event", "Lease"];

/// `kind namespace/name` of everything, without events and without Leases: those
/// of deleted stores are the tombstones.
///
/// # Errors
/// The cluster's.
pub async fn inventory(client: &Client) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let discovery = Discovery::new(client.clone()).run().await?;
    for group in discovery.groups() {
        for (resource, capabilities) in group.recommended_resources() {
            if !capabilities.supports_operation(verbs::LIST) || PASSING.contains(&&*resource.kind) {
                continue;
            }
            let api = Api::<DynamicObject>::all_with(client.clone(), &resource);
            for object in api.list_metadata(&ListParams::default()).await?.items {
                let namespace = object.namespace().unwrap_or_default();
                found.insert(format!(
                    "{} {namespace}/{}",
                    resource.kind,
                    object.name_any()
                ));
            }
        }
    }
    Ok(found)
}
