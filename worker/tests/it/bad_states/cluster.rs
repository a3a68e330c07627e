//! States of the cluster: namespaces, quotas, volumes and hosts that are in the
//! way of a store.

use std::time::Duration;

use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, ResourceQuota};
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::failure::FailureCode;
use shared::ids::Generation;
use shared::operation::OperationKind;
use shared::testing::{a_command, a_create};

use crate::bad_states::{Case, Expected, Volume};
use crate::harness::{Installation, until};
use crate::stores::a_ready_store;

const SOON: Duration = Duration::from_secs(30);

async fn make<K>(api: &Api<K>, object: Value) -> K
where
    K: kube::Resource + Clone + DeserializeOwned + serde::Serialize + std::fmt::Debug,
{
    let object = serde_json::from_value(object).unwrap();
    api.create(&PostParams::default(), &object).await.unwrap()
}

/// A store that nobody has made yet, in an installation with a worker.
async fn fresh(code: FailureCode, words: &[&str]) -> Case {
    let here = Installation::unhurried().await;
    let worker = here.worker();
    Case {
        here,
        _worker: worker,
        command: a_create(),
        volume: Volume::Any,
        expected: Expected::Fails(code, words.iter().map(|word| (*word).to_owned()).collect()),
    }
}

/// Its namespace, with our marks, as a worker that died early leaves it.
async fn namespace(case: &Case, finalizers: &[&str], annotations: Value) {
    let store = case.command.store_id.as_str();
    let labels = json!({"urumi.dev/installation": case.here.name, "urumi.dev/store": store});
    let object = json!({"metadata": {"name": store, "labels": labels, "finalizers": finalizers, "annotations": annotations}});
    make(&case.here.cluster.all::<Namespace>(), object).await;
}

async fn remove_namespace(case: &Case) {
    let namespaces = case.here.cluster.all::<Namespace>();
    namespaces
        .delete(case.command.store_id.as_str(), &DeleteParams::default())
        .await
        .unwrap();
}

pub async fn held_inside() -> Case {
    let case = fresh(
        FailureCode::DeleteBlocked,
        &["ConfigMap/held", "urumi.dev/test"],
    )
    .await;
    namespace(&case, &[], json!({})).await;
    let maps = case
        .here
        .cluster
        .of::<ConfigMap>(case.command.store_id.as_str());
    make(
        &maps,
        json!({"metadata": {"name": "held", "finalizers": ["urumi.dev/test"]}}),
    )
    .await;
    remove_namespace(&case).await;
    case
}

pub async fn held_itself() -> Case {
    let case = fresh(
        FailureCode::DeleteBlocked,
        &["Namespace/store-", "urumi.dev/test"],
    )
    .await;
    namespace(&case, &["urumi.dev/test"], json!({})).await;
    remove_namespace(&case).await;
    case
}

async fn foreign(case: &Case) {
    let store = case.command.store_id.as_str();
    let theirs = json!({"metadata": {"name": store, "labels": {"team": "theirs"}}});
    make(&case.here.cluster.all::<Namespace>(), theirs).await;
}

pub async fn foreign_create() -> Case {
    let case = fresh(FailureCode::NamespaceConflict, &["Namespace `store-"]).await;
    foreign(&case).await;
    case
}

fn delete(of: &Envelope<Command>) -> Envelope<Command> {
    Envelope {
        generation: Generation(of.generation.0 + 1),
        ..a_command(of.store_id.clone(), OperationKind::Delete, Goal::Absent)
    }
}

pub async fn foreign_delete() -> Case {
    let mut case = fresh(FailureCode::Internal, &[]).await;
    foreign(&case).await;
    case.command = delete(&case.command);
    case.expected = Expected::Deleted;
    case
}

/// Somebody took our marks off a namespace with a store of ours in it.
pub async fn marks_lost() -> Case {
    let words = [
        "Namespace `store-",
        "Secret/store-credentials",
        "PersistentVolumeClaim/mysql",
    ];
    let mut case = fresh(FailureCode::NamespaceConflict, &words).await;
    case.here.open_shop().await;
    case.command = delete(&a_ready_store(&case.here).await);
    let none =
        json!({"metadata": {"labels": {"urumi.dev/installation": null, "urumi.dev/store": null}}});
    let namespaces = case.here.cluster.all::<Namespace>();
    let store = case.command.store_id.as_str();
    namespaces
        .patch(store, &PatchParams::default(), &Patch::Merge(none))
        .await
        .unwrap();
    case
}

async fn quota(case: &Case, hard: Value) {
    namespace(case, &[], json!({})).await;
    let store = case.command.store_id.as_str();
    let quotas = case.here.cluster.of::<ResourceQuota>(store);
    make(
        &quotas,
        json!({"metadata": {"name": "tight"}, "spec": {"hard": hard}}),
    )
    .await;
    until("the quota is counted", SOON, async || {
        let found = quotas.get("tight").await.unwrap();
        found.status.is_some_and(|status| status.hard.is_some())
    })
    .await;
}

pub async fn quota_of_objects() -> Case {
    let case = fresh(
        FailureCode::QuotaExceeded,
        &["exceeded quota: tight", "mysql"],
    )
    .await;
    quota(&case, json!({"persistentvolumeclaims": "0"})).await;
    case
}

pub async fn quota_of_pods() -> Case {
    let words = ["Deployment/wordpress", "exceeded quota: tight"];
    let case = fresh(FailureCode::QuotaExceeded, &words).await;
    case.here.values("web: { replicas: 1 }");
    quota(&case, json!({"pods": "0"})).await;
    case
}

pub async fn pod_security() -> Case {
    let case = fresh(
        FailureCode::PodSecurity,
        &["Deployment/wordpress", "restricted"],
    )
    .await;
    case.here.values("web: { replicas: 1, escalate: true }");
    case
}

async fn claim(case: &Case, finalizers: &[&str]) -> PersistentVolumeClaim {
    let claims = case
        .here
        .cluster
        .of::<PersistentVolumeClaim>(case.command.store_id.as_str());
    make(&claims, json!({"metadata": {"name": "mysql", "finalizers": finalizers}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}})).await
}

pub async fn volume_left(ever_ready: bool) -> Case {
    let mut case = fresh(FailureCode::Internal, &[]).await;
    case.here.open_shop().await;
    let annotations = match ever_ready {
        true => json!({"urumi.dev/ever-ready": "true"}),
        false => json!({}),
    };
    namespace(&case, &[], annotations).await;
    let uid = claim(&case, &[]).await.uid().unwrap();
    case.expected = Expected::Ready;
    case.volume = match ever_ready {
        true => Volume::Kept(uid),
        false => Volume::Replaced(uid),
    };
    case
}

pub async fn volume_held() -> Case {
    let words = ["PersistentVolumeClaim/mysql", "urumi.dev/test"];
    let case = fresh(FailureCode::VolumePending, &words).await;
    namespace(&case, &[], json!({})).await;
    claim(&case, &["urumi.dev/test"]).await;
    case
}

/// Somebody else's Ingress with the host of the store that is to be made.
async fn taken(words: &[&str]) -> Case {
    let mut case = fresh(FailureCode::HostConflict, words).await;
    let Goal::Present { spec } = &case.command.body.goal else {
        panic!("a create has a spec")
    };
    let other = case.here.name.clone();
    // The platform's own namespace of this test, which goes with it.
    let namespaces = case.here.cluster.all::<Namespace>();
    let object = serde_json::from_value(json!({"metadata": {"name": other}})).unwrap();
    let _ = namespaces.create(&PostParams::default(), &object).await;
    let backend = json!({"service": {"name": "x", "port": {"number": 80}}});
    let paths = json!([{"path": "/", "pathType": "Prefix", "backend": backend}]);
    let rules = json!([{"host": spec.host, "http": {"paths": paths}}]);
    let ingresses = case.here.cluster.of::<Ingress>(&other);
    make(
        &ingresses,
        json!({"metadata": {"name": "theirs"}, "spec": {"rules": rules}}),
    )
    .await;
    let Expected::Fails(_, words) = &mut case.expected else {
        panic!("it fails")
    };
    words.push(other);
    case
}

pub async fn host_taken() -> Case {
    taken(&["Ingress `theirs`"]).await
}

/// The refusal of an ingress controller's admission, in ingress-nginx's words.
pub async fn host_refused() -> Case {
    let case = taken(&["Ingress `theirs`"]).await;
    namespace(&case, &[], json!({})).await;
    let (name, store) = (case.here.name.as_str(), case.command.store_id.as_str());
    let ours = json!({"matchLabels": {"urumi.dev/installation": name}});
    let rule = json!({"apiGroups": ["networking.k8s.io"], "apiVersions": ["*"], "operations": ["CREATE"], "resources": ["ingresses"]});
    let message = format!(
        "host \"{store}.localhost\" and path \"/\" is already defined in ingress {name}/theirs"
    );
    make(
        &case.here.cluster.all::<ValidatingAdmissionPolicy>(),
        json!({"metadata": {"name": name}, "spec": {"matchConstraints": {"namespaceSelector": ours, "resourceRules": [rule]}, "validations": [{"expression": "false", "message": message}]}}),
    )
    .await;
    make(
        &case.here.cluster.all::<ValidatingAdmissionPolicyBinding>(),
        json!({"metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}}),
    )
    .await;
    let ingresses = case.here.cluster.of::<Ingress>(store);
    let rules = json!([{"host": "x.localhost"}]);
    let trial = json!({"metadata": {"name": "trial"}, "spec": {"rules": rules}});
    let trial: Ingress = serde_json::from_value(trial).unwrap();
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    until("the policy is in force", SOON, async || {
        ingresses.create(&dry, &trial).await.is_err()
    })
    .await;
    case
}

/// Nothing of a row stays in the cluster; most rows have none of these.
pub async fn undo(case: &Case) {
    let (cluster, store) = (&case.here.cluster, case.command.store_id.as_str());
    let none = Patch::Merge(json!({"metadata": {"finalizers": []}}));
    let with = PatchParams::default();
    let maps = cluster.of::<ConfigMap>(store);
    let claims = cluster.of::<PersistentVolumeClaim>(store);
    let namespaces = cluster.all::<Namespace>();
    let _ = maps.patch("held", &with, &none).await;
    let _ = claims.patch("mysql", &with, &none).await;
    let _ = namespaces.patch(store, &with, &none).await;
    let (name, params) = (case.here.name.as_str(), DeleteParams::default());
    let policies = cluster.all::<ValidatingAdmissionPolicy>();
    let bindings = cluster.all::<ValidatingAdmissionPolicyBinding>();
    let _ = policies.delete(name, &params).await;
    let _ = bindings.delete(name, &params).await;
}
