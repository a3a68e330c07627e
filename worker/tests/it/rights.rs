//! A worker with an account of its own, limited to what the platform's chart gives.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::operation::OperationKind;
use shared::testing::a_command;

use crate::account::{ACCOUNT, store_role};
use crate::harness::Installation;
use crate::stores::{a_ready_store, again, is_ready, settle};

const SOON: Duration = Duration::from_secs(60);

fn deletion(command: &Envelope<Command>) -> Envelope<Command> {
    Envelope {
        generation: command.generation,
        ..a_command(
            command.store_id.clone(),
            OperationKind::Delete,
            Goal::Absent,
        )
    }
}

#[tokio::test]
async fn rights_come_with_the_namespace_and_are_given_again_where_they_lack() {
    let mut here = Installation::unhurried().await;
    here.limit().await;
    let _worker = here.worker();
    here.open_shop().await;
    let command = a_ready_store(&here).await;
    let store = command.store_id.as_str();
    let bindings = here.cluster.of::<RoleBinding>(store);
    let binding = bindings.get("urumi-worker").await.unwrap();
    assert_eq!(binding.role_ref.name, store_role(&here.name));
    let subjects = binding.subjects.unwrap();
    assert_eq!(subjects.len(), 1);
    assert_eq!(subjects[0].name, ACCOUNT);
    assert_eq!(subjects[0].namespace.as_deref(), Some(here.name.as_str()));

    // As in a store that an earlier release made.
    bindings
        .delete("urumi-worker", &DeleteParams::default())
        .await
        .unwrap();
    here.values("web: { replicas: 0, image: \"wordpress:7\" }");
    let (outcome, _) = settle(&here, &command).await;
    assert!(is_ready(&outcome), "{outcome:?}\n{}", here.log());
    bindings.get("urumi-worker").await.unwrap();

    // Without them it can still be removed.
    bindings
        .delete("urumi-worker", &DeleteParams::default())
        .await
        .unwrap();
    let next = again(&command, OperationKind::Update);
    let (outcome, _) = settle(&here, &deletion(&next)).await;
    assert_eq!(outcome, EventBody::Deleted, "{}", here.log());
    here.clean(&[]).await;
}

#[tokio::test]
async fn what_blocks_a_removal_is_named_when_the_rights_are_gone_already() {
    let mut here = Installation::unhurried().await;
    here.limit().await;
    let _worker = here.worker();
    here.open_shop().await;
    let command = a_ready_store(&here).await;
    let store = command.store_id.as_str();
    let maps = here.cluster.of::<ConfigMap>(store);
    let finalizers = |list: &[&str]| Patch::Merge(json!({"metadata": {"finalizers": list}}));
    let with = PatchParams::default();
    maps.patch("wordpress", &with, &finalizers(&["urumi.dev/test"]))
        .await
        .unwrap();

    here.broker.command(&deletion(&command)).await;
    let blocked = |event: &EventBody| {
        matches!(event, EventBody::StepWaiting { cause: Some(cause), .. }
            if cause.code == FailureCode::DeleteBlocked && cause.message.contains("urumi.dev/test"))
    };
    here.broker.until(SOON, blocked).await;
    maps.patch("wordpress", &with, &finalizers(&[]))
        .await
        .unwrap();
    let events = here.broker.until_settled(SOON).await;
    assert_eq!(events.last(), Some(&EventBody::Deleted));
    here.clean(&[]).await;
}

#[tokio::test]
async fn a_foreign_namespace_stays_foreign_to_a_worker_without_rights_there() {
    let mut here = Installation::unhurried().await;
    here.limit().await;
    let _worker = here.worker();
    let command = shared::testing::a_create();
    let store = command.store_id.as_str();
    let theirs = json!({"metadata": {"name": store, "labels": {"team": "theirs"}}});
    let theirs: Namespace = serde_json::from_value(theirs).unwrap();
    let api = here.cluster.all::<Namespace>();
    api.create(&Default::default(), &theirs).await.unwrap();

    let (outcome, _) = settle(&here, &command).await;
    let EventBody::Failed { failure, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.code, FailureCode::NamespaceConflict);

    // Nothing of ours is in it, or we had rights there.
    let (outcome, _) = settle(&here, &deletion(&again(&command, OperationKind::Update))).await;
    assert_eq!(outcome, EventBody::Deleted, "{}", here.log());
    assert!(
        api.get(store)
            .await
            .unwrap()
            .metadata
            .deletion_timestamp
            .is_none()
    );
    here.clean(&[store]).await;
}

#[tokio::test]
async fn who_has_a_stores_host_is_found_in_namespaces_without_rights() {
    let mut here = Installation::unhurried().await;
    here.limit().await;
    let command = shared::testing::a_create();
    let Goal::Present { spec } = &command.body.goal else {
        panic!("a create has a spec")
    };
    let backend = json!({"service": {"name": "x", "port": {"number": 80}}});
    let paths = json!([{"path": "/", "pathType": "Prefix", "backend": backend}]);
    let rules = json!([{"host": spec.host, "http": {"paths": paths}}]);
    let theirs = json!({"metadata": {"name": "theirs"}, "spec": {"rules": rules}});
    let theirs: Ingress = serde_json::from_value(theirs).unwrap();
    let ingresses = here.cluster.of::<Ingress>(&here.name);
    ingresses
        .create(&Default::default(), &theirs)
        .await
        .unwrap();
    // The shop stays silent.
    let _worker = here.worker();

    let (outcome, _) = settle(&here, &command).await;
    let EventBody::Failed { failure, .. } = outcome else {
        panic!("{outcome:?}\n{}", here.log())
    };
    assert_eq!(failure.code, FailureCode::HostConflict, "{failure:?}");
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_silent_shop_whose_host_nobody_else_has_is_unreachable() {
    let mut here = Installation::unhurried().await;
    here.limit().await;
    here.set("URUMI_PATIENCE_STOREFRONT_SECONDS", "5");
    let _worker = here.worker();
    let command = shared::testing::a_create();

    let (outcome, _) = settle(&here, &command).await;
    let EventBody::Failed { failure, .. } = outcome else {
        panic!("{outcome:?}\n{}", here.log())
    };
    assert_eq!(failure.code, FailureCode::StorefrontUnreachable);
    // Both kinds that can have a host were asked for.
    assert!(!here.log().contains("hosts cannot be listed"));
    here.clean(&[command.store_id.as_str()]).await;
}
