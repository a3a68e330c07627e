//! Who else in the cluster claims a store's host. Listing every Ingress is for a
//! shop that stays silent and for a refusal, never for a shop that answers.

use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt as _;
use kube::api::ListParams;
use shared::failure::{Evidence, Failure, FailureCode};

use crate::cluster::{Cluster, ClusterError};

/// Objects in one answer of the apiserver.
const PAGE: u32 = 500;

/// An Ingress of another namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Where it is.
    pub namespace: String,
    /// What it is called there.
    pub name: String,
}

/// The first Ingress outside the store's namespace that claims that host.
///
/// # Errors
/// [`ClusterError`].
pub async fn claimed_elsewhere(
    cluster: &Cluster,
    store: &str,
    host: &str,
) -> Result<Option<Claim>, ClusterError> {
    let all = cluster.all::<Ingress>();
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let found = all.list(&page).await?;
        let mut others = found
            .items
            .iter()
            .filter(|ingress| claims(ingress, store, host));
        if let Some(other) = others.next() {
            return Ok(Some(Claim {
                namespace: other.namespace().unwrap_or_default(),
                name: other.name_any(),
            }));
        }
        match found.metadata.continue_.filter(|more| !more.is_empty()) {
            Some(more) => page = page.continue_token(&more),
            None => return Ok(None),
        }
    }
}

/// Whether it is not the store's own, and takes the host. Pure.
fn claims(ingress: &Ingress, store: &str, host: &str) -> bool {
    let elsewhere = ingress.metadata.namespace.as_deref() != Some(store);
    let rules = ingress
        .spec
        .iter()
        .flat_map(|spec| spec.rules.iter().flatten());
    let mut hosts = rules.filter_map(|rule| rule.host.as_deref());
    let stays = ingress.metadata.deletion_timestamp.is_none();
    elsewhere && stays && hosts.any(|found| found.eq_ignore_ascii_case(host))
}

/// What is said of it.
#[must_use]
pub fn conflict(other: &Claim, host: &str) -> Failure {
    let Claim { namespace, name } = other;
    let detail = format!("Ingress `{name}` in namespace `{namespace}` has the host `{host}`.");
    let evidence = Evidence {
        kind: "Condition".to_owned(),
        object: format!("Ingress/{name}"),
        text: format!("namespace {namespace}, host {host}"),
    };
    Failure::new(FailureCode::HostConflict, detail).with_evidence(vec![evidence])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_another_namespaces_ingress_with_that_very_host_counts() {
        let ingress = |namespace: &str, hosts: &[&str]| -> Ingress {
            let rules: Vec<_> = hosts.iter().map(|host| json!({"host": host})).collect();
            serde_json::from_value(json!({"metadata": {"name": "x", "namespace": namespace}, "spec": {"rules": rules}})).unwrap()
        };
        for (namespace, hosts, expected) in [
            ("other", &["a.localhost", "Shop.localhost"][..], true),
            ("store-k7q2mx", &["shop.localhost"], false),
            ("other", &["a.shop.localhost"], false),
            ("other", &[], false),
        ] {
            let found = claims(&ingress(namespace, hosts), "store-k7q2mx", "shop.localhost");
            assert_eq!(found, expected, "{namespace} {hosts:?}");
        }
        let failure = conflict(
            &Claim {
                namespace: "other".to_owned(),
                name: "x".to_owned(),
            },
            "shop.localhost",
        );
        assert!(failure.message.contains("Ingress `x` in namespace `other`"));
    }
}
