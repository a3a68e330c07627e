//! The apiserver refuses to make or change the web pods' Deployment of an
//! installation's stores, so that helm itself calls what it did failed. What the
//! Deployment says already may be said again: a rollback passes.

use std::time::Duration;

use anyhow::Result;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy as Policy, ValidatingAdmissionPolicyBinding as Binding,
};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Client};
use serde_json::json;

use crate::faults::patience::until;

/// Where it is seen to hold.
const PLACE: &str = "default";
const SOON: Duration = Duration::from_secs(30);

/// A refusal that holds.
pub struct Refusal {
    client: Client,
    name: String,
}

impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Refusal {
    /// From now on, for an installation; returns when it holds.
    ///
    /// # Errors
    /// The cluster's, or if it does not hold soon.
    pub async fn begin(client: &Client, installation: &str) -> Result<Self> {
        let name = format!("refuse-{installation}");
        let refusal = Self {
            client: client.clone(),
            name: name.clone(),
        };
        let others = format!(
            "request.namespace == '{PLACE}' ? object.metadata.name != '{name}' : \
             (!has(namespaceObject.metadata.labels) \
             || !('urumi.dev/installation' in namespaceObject.metadata.labels) \
             || namespaceObject.metadata.labels['urumi.dev/installation'] != '{installation}')"
        );
        let same = "oldObject != null && object.spec.template == oldObject.spec.template";
        let policy: Policy = serde_json::from_value(json!({
            "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [{
                    "apiGroups": ["apps"], "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"], "resources": ["deployments"],
                }]},
                "validations": [{"expression": format!("({others}) || ({same})"), "message": "a test refuses it"}],
            },
        }))?;
        let binding: Binding = serde_json::from_value(json!({
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"]},
        }))?;
        let new = PostParams::default();
        refusal.policies().create(&new, &policy).await?;
        refusal.bindings().create(&new, &binding).await?;
        let what = "the apiserver refuses a Deployment";
        until(what, SOON, async || refusal.holds().await.then_some(())).await?;
        Ok(refusal)
    }

    fn policies(&self) -> Api<Policy> {
        Api::all(self.client.clone())
    }

    fn bindings(&self) -> Api<Binding> {
        Api::all(self.client.clone())
    }

    async fn holds(&self) -> bool {
        let labels = json!({"app": self.name});
        let container = json!({"name": "c", "image": "i"});
        let probe = serde_json::from_value::<Deployment>(json!({
            "metadata": {"name": self.name},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }));
        let Ok(probe) = probe else { return false };
        let dry = PostParams {
            dry_run: true,
            field_manager: None,
        };
        let api = Api::<Deployment>::namespaced(self.client.clone(), PLACE);
        match api.create(&dry, &probe).await {
            Err(kube::Error::Api(status)) => status.message.contains("a test refuses it"),
            Ok(_) | Err(_) => false,
        }
    }

    /// No longer; returns when it does not hold.
    ///
    /// # Errors
    /// The cluster's, or if it goes on.
    pub async fn end(self) -> Result<()> {
        let now = DeleteParams::default();
        self.bindings().delete(&self.name, &now).await?;
        self.policies().delete(&self.name, &now).await?;
        let what = "the apiserver takes a Deployment again";
        until(what, SOON, async || (!self.holds().await).then_some(())).await
    }
}
