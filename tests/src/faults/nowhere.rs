//! Stores that can never become ready: the database's pod of a large store is given
//! a wish for a node that no node fulfils, and the scheduler says so.

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

const NAME: &str = "urumi-test-nowhere";
const GROUP: &str = "admissionregistration.k8s.io";
/// What a large store's database asks for (values-local.yaml).
const LARGE: &str = "512Mi";

/// From now on, in the whole cluster.
///
/// # Errors
/// The cluster's.
pub async fn begin(client: &Client) -> Result<()> {
    let large = format!(
        "object.spec.containers.exists(c, c.name == 'mysql' && has(c.resources.requests) \
         && c.resources.requests['memory'] == '{LARGE}')"
    );
    let nowhere = r#"[JSONPatch{op: "add", path: "/spec/nodeSelector", value: {"urumi.dev/nowhere": "true"}}]"#;
    let policy = json!({
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": {"resourceRules": [{
            "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"],
        }]},
        "matchConditions": [{"name": "large", "expression": large}],
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": nowhere}}],
    });
    end(client).await;
    make(client, "MutatingAdmissionPolicy", policy).await?;
    let binding = json!({"policyName": NAME});
    make(client, "MutatingAdmissionPolicyBinding", binding).await
}

/// No longer.
pub async fn end(client: &Client) {
    for kind in ["MutatingAdmissionPolicyBinding", "MutatingAdmissionPolicy"] {
        // What is not there is fine.
        let _ = api(client, kind)
            .delete(NAME, &DeleteParams::default())
            .await;
    }
}

async fn make(client: &Client, kind: &str, spec: Value) -> Result<()> {
    let object: DynamicObject = serde_json::from_value(json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": kind, "metadata": {"name": NAME}, "spec": spec,
    }))?;
    api(client, kind)
        .create(&PostParams::default(), &object)
        .await
        .with_context(|| format!("making a {kind}"))?;
    Ok(())
}

fn api(client: &Client, kind: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk(GROUP, "v1", kind);
    let mut resource = ApiResource::from_gvk(&kind);
    resource.plural = match kind.kind.strip_suffix('y') {
        Some(stem) => format!("{}ies", stem.to_lowercase()),
        None => format!("{}s", kind.kind.to_lowercase()),
    };
    Api::all_with(client.clone(), &resource)
}

/// The name of a store's database pod, once it is known to have no node.
pub async fn without_node(client: &Client, store: &str) -> Option<String> {
    let pods = Api::<Pod>::namespaced(client.clone(), store);
    let all = pods.list(&ListParams::default()).await.ok()?;
    let waits = |pod: &&Pod| {
        let conditions = pod.status.as_ref().and_then(|s| s.conditions.as_ref());
        let mut conditions = conditions.into_iter().flatten();
        conditions.any(|c| c.reason.as_deref() == Some("Unschedulable"))
    };
    all.iter().find(waits).map(|pod| pod.name_any())
}

/// What a kubelet says of an image whose name is none.
///
/// # Errors
/// The cluster's.
pub async fn image_invalid(client: &Client, store: &str, pod: &str) -> Result<()> {
    let status = json!({"status": {"containerStatuses": [{
        "name": "mysql", "image": "UPPER", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {
            "reason": "InvalidImageName",
            "message": "Failed to apply default image tag \"UPPER\": invalid reference format",
        }},
    }]}});
    Api::<Pod>::namespaced(client.clone(), store)
        .patch_status(pod, &PatchParams::default(), &Patch::Merge(status))
        .await?;
    Ok(())
}
