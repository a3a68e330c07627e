//! A user of the cluster of the platform's own, so that the apiserver counts its
//! requests apart from everybody else's.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use k8s_openapi::api::flowcontrol::v1::FlowSchema;
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::faults::ground::Ground;

const USER: &str = "urumi-test-visitor";

/// Give it every right, and a count of its own; its kubeconfig.
///
/// # Errors
/// The cluster's.
pub async fn admit(ground: &Ground) -> Result<PathBuf> {
    let apply = PatchParams::apply("urumi-test").force();
    let rights = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": USER},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}],
    });
    Api::<ClusterRoleBinding>::all(ground.client.clone())
        .patch(USER, &apply, &Patch::Apply(rights))
        .await?;
    let count = json!({
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema",
        "metadata": {"name": USER},
        "spec": {
            "matchingPrecedence": 300,
            "priorityLevelConfiguration": {"name": "workload-high"},
            "distinguisherMethod": {"type": "ByNamespace"},
            "rules": [{
                "subjects": [{"kind": "User", "user": {"name": USER}}],
                "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": true, "namespaces": ["*"]}],
                "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            }],
        },
    });
    Api::<FlowSchema>::all(ground.client.clone())
        .patch(USER, &apply, &Patch::Apply(count))
        .await?;
    let text = std::fs::read_to_string(&ground.servers.kubeconfig)?;
    let mut config: Value = serde_json::to_value(kube::config::Kubeconfig::from_yaml(&text)?)?;
    let users = config["users"].as_array_mut().context("no users")?;
    for user in users {
        user["user"]["as"] = USER.into();
    }
    let path = ground.servers.state.join("faults/visitor.kubeconfig");
    std::fs::write(&path, config.to_string())?;
    Ok(path)
}

/// Its requests so far.
///
/// # Errors
/// If the apiserver does not say.
pub async fn requests(client: &Client) -> Result<f64> {
    let metrics = http::Request::get("/metrics").body(Vec::new())?;
    let text = client.request_text(metrics).await?;
    let name = "apiserver_flowcontrol_dispatched_requests_total{";
    let ours = format!("flow_schema=\"{USER}\"");
    let lines = text.lines();
    let ours = lines.filter(|line| line.starts_with(name) && line.contains(&ours));
    Ok(ours
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum())
}
