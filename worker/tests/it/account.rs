//! The worker's own account on the cluster, with the very rights that the
//! platform's chart gives it (tests/lib/services.sh renders them).

use std::path::{Path, PathBuf};
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::config::Kubeconfig;
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};
use worker::cluster::Cluster;

use crate::harness::{until, variable};

/// The name that stands for the platform's namespace in what was rendered.
const HERE: &str = "urumi-here";
const SOON: Duration = Duration::from_secs(20);
/// What the account is called.
pub const ACCOUNT: &str = "urumi-worker";

/// The ClusterRole that is bound in that platform's stores.
pub fn store_role(platform: &str) -> String {
    format!("{platform}-urumi-store")
}

/// Make the platform's namespace and the account in it; its kubeconfig.
pub async fn give(cluster: &Cluster, platform: &str, folder: &Path) -> PathBuf {
    let namespace = json!({"metadata": {"name": platform}});
    let namespace: Namespace = serde_json::from_value(namespace).unwrap();
    let namespaces = cluster.all::<Namespace>();
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .unwrap();
    let rendered = std::fs::read_to_string(variable("TEST_RIGHTS")).unwrap();
    let objects: Vec<DynamicObject> =
        serde_json::from_str(&rendered.replace(HERE, platform)).unwrap();
    for object in objects {
        apply(cluster, &object).await;
    }
    let path = folder.join("account");
    let config = kubeconfig(&token(cluster, platform).await);
    std::fs::write(&path, config.to_string()).unwrap();
    in_force(&path, platform).await;
    path
}

/// An apiserver takes a moment to learn of new roles.
async fn in_force(kubeconfig: &Path, platform: &str) {
    let path = kubeconfig.display().to_string();
    let limited = Cluster::open(Some(&path)).await.unwrap();
    let (leases, namespaces) = (limited.of::<Lease>(platform), limited.all::<Namespace>());
    let one = ListParams::default().limit(1);
    until("the rights are in force", SOON, async || {
        leases.list(&one).await.is_ok() && namespaces.list(&one).await.is_ok()
    })
    .await;
}

async fn apply(cluster: &Cluster, object: &DynamicObject) {
    let types = object.types.as_ref().unwrap();
    let resource = ApiResource::from_gvk(&GroupVersionKind::try_from(types).unwrap());
    let api: Api<DynamicObject> = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(cluster.requests(), namespace, &resource),
        None => Api::all_with(cluster.requests(), &resource),
    };
    let name = object.metadata.name.as_deref().unwrap();
    let params = PatchParams::apply("urumi-test").force();
    api.patch(name, &params, &Patch::Apply(object))
        .await
        .unwrap();
}

async fn token(cluster: &Cluster, platform: &str) -> String {
    let path = format!("/api/v1/namespaces/{platform}/serviceaccounts/{ACCOUNT}/token");
    let asked =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let request = http::Request::post(path)
        .header("content-type", "application/json")
        .body(asked.to_string().into_bytes())
        .unwrap();
    let answer: Value = cluster.requests().request(request).await.unwrap();
    answer["status"]["token"].as_str().unwrap().to_owned()
}

/// The tests' own, for another user.
fn kubeconfig(token: &str) -> Value {
    let text = std::fs::read_to_string(variable("TEST_KUBECONFIG")).unwrap();
    let config = Kubeconfig::from_yaml(&text).unwrap();
    let mut config = serde_json::to_value(config).unwrap();
    config["users"][0]["user"] = json!({ "token": token });
    config
}
