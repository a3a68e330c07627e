//! Who else in the cluster claims a store's host, by an Ingress or by a Gateway's
//! HTTPRoute. Listing all of them is for a shop that stays silent and for a
//! refusal, never for a shop that answers.

use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt as _;
use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use serde::de::DeserializeOwned;
use shared::failure::{Evidence, Failure, FailureCode};

use crate::cluster::{Cluster, ClusterError};

/// Objects in one answer of the apiserver.
const PAGE: u32 = 500;

/// An object of another namespace that has the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// `Ingress` or `HTTPRoute`.
    pub kind: &'static str,
    /// Where it is.
    pub namespace: String,
    /// What it is called there.
    pub name: String,
}

/// The first Ingress or HTTPRoute outside the store's namespace that claims that
/// host. A cluster without Gateways has no HTTPRoutes.
///
/// # Errors
/// [`ClusterError`].
pub async fn claimed_elsewhere(
    cluster: &Cluster,
    store: &str,
    host: &str,
) -> Result<Option<Claim>, ClusterError> {
    let by_ingress = |found: &Ingress| by_rules(found, host);
    let found = first(cluster.all::<Ingress>(), "Ingress", store, by_ingress).await?;
    if found.is_some() {
        return Ok(found);
    }
    let kind = GroupVersionKind::gvk("gateway.networking.k8s.io", "v1", "HTTPRoute");
    let routes = kube::Api::all_with(cluster.requests(), &ApiResource::from_gvk(&kind));
    let by_route = |found: &DynamicObject| by_hostnames(found, host);
    match first(routes, "HTTPRoute", store, by_route).await {
        Err(ClusterError::NotFound(_)) => Ok(None),
        other => other,
    }
}

/// Page by page, the first that is another namespace's, stays, and has the host.
async fn first<K>(
    all: kube::Api<K>,
    kind: &'static str,
    store: &str,
    has_host: impl Fn(&K) -> bool,
) -> Result<Option<Claim>, ClusterError>
where
    K: kube::Resource + Clone + std::fmt::Debug + DeserializeOwned,
{
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let found = all.list(&page).await?;
        let mut others = found
            .items
            .iter()
            .filter(|found| is_elsewhere(*found, store) && has_host(found));
        if let Some(other) = others.next() {
            return Ok(Some(Claim {
                kind,
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

/// Whether it is not the store's own, and stays. Pure.
fn is_elsewhere<K: kube::Resource>(found: &K, store: &str) -> bool {
    let meta = found.meta();
    meta.namespace.as_deref() != Some(store) && meta.deletion_timestamp.is_none()
}

/// Whether an Ingress has the host. Pure.
fn by_rules(ingress: &Ingress, host: &str) -> bool {
    let rules = ingress
        .spec
        .iter()
        .flat_map(|spec| spec.rules.iter().flatten());
    let mut hosts = rules.filter_map(|rule| rule.host.as_deref());
    hosts.any(|found| found.eq_ignore_ascii_case(host))
}

/// Whether an HTTPRoute has the host; one with a wildcard gives way to it. Pure.
fn by_hostnames(route: &DynamicObject, host: &str) -> bool {
    let hosts = route.data["spec"]["hostnames"].as_array();
    let mut hosts = hosts.into_iter().flatten().filter_map(|host| host.as_str());
    hosts.any(|found| found.eq_ignore_ascii_case(host))
}

/// What is said of it.
#[must_use]
pub fn conflict(other: &Claim, host: &str) -> Failure {
    let Claim {
        kind,
        namespace,
        name,
    } = other;
    let detail = format!("{kind} `{name}` in namespace `{namespace}` has the host `{host}`.");
    let evidence = Evidence {
        kind: "Condition".to_owned(),
        object: format!("{kind}/{name}"),
        text: format!("namespace {namespace}, host {host}"),
    };
    Failure::new(FailureCode::HostConflict, detail).with_evidence(vec![evidence])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_another_namespaces_object_with_that_very_host_counts() {
        let ingress = |namespace: &str, hosts: &[&str]| -> Ingress {
            let rules: Vec<_> = hosts.iter().map(|host| json!({"host": host})).collect();
            serde_json::from_value(json!({"metadata": {"name": "x", "namespace": namespace}, "spec": {"rules": rules}})).unwrap()
        };
        let route = |namespace: &str, hosts: &[&str]| -> DynamicObject {
            serde_json::from_value(json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "x", "namespace": namespace}, "spec": {"hostnames": hosts}})).unwrap()
        };
        for (namespace, hosts, expected) in [
            ("other", &["a.localhost", "Shop.localhost"][..], true),
            ("store-k7q2mx", &["shop.localhost"], false),
            ("other", &["a.shop.localhost"], false),
            ("other", &["*.localhost"], false),
            ("other", &[], false),
        ] {
            let (store, host) = ("store-k7q2mx", "shop.localhost");
            let ingress = ingress(namespace, hosts);
            let found = is_elsewhere(&ingress, store) && by_rules(&ingress, host);
            assert_eq!(found, expected, "Ingress {namespace} {hosts:?}");
            let route = route(namespace, hosts);
            let found = is_elsewhere(&route, store) && by_hostnames(&route, host);
            assert_eq!(found, expected, "HTTPRoute {namespace} {hosts:?}");
        }
        for kind in ["Ingress", "HTTPRoute"] {
            let claim = Claim {
                kind,
                namespace: "other".to_owned(),
                name: "x".to_owned(),
            };
            let failure = conflict(&claim, "shop.localhost");
            let words = format!("{kind} `x` in namespace `other`");
            assert!(failure.message.contains(&words), "{failure:?}");
        }
    }
}
