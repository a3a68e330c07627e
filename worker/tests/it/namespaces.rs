//! Namespaces, credentials and volumes: ours, somebody else's, on their way out.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::ids::Generation;
use shared::operation::OperationKind;
use shared::testing::{a_command, a_create};

use crate::harness::{Installation, until};
use crate::stores::{a_ready_store, is_ready, settle};

const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_namespace_that_cannot_go_names_what_blocks_it_and_then_goes() {
    let here = Installation::unhurried().await;
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

    let delete = Envelope {
        generation: command.generation,
        ..a_command(
            command.store_id.clone(),
            OperationKind::Delete,
            shared::contract::command::Goal::Absent,
        )
    };
    here.broker.command(&delete).await;
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
async fn a_namespace_of_somebody_else_is_a_conflict_and_stays_as_it_was() {
    let here = Installation::unhurried().await;
    let _worker = here.worker();
    let command = a_create();
    let store = command.store_id.as_str();
    let api = here.cluster.all::<Namespace>();
    let theirs = json!({"metadata": {"name": store, "labels": {"team": "theirs"}}});
    let theirs: Namespace = serde_json::from_value(theirs).unwrap();
    let theirs = api.create(&Default::default(), &theirs).await.unwrap();

    let (outcome, _) = settle(&here, &command).await;

    let EventBody::Failed {
        failure,
        changed,
        run: 0,
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.code, FailureCode::NamespaceConflict);
    assert!(!changed);
    let now = api.get(store).await.unwrap();
    assert_eq!(now.labels(), theirs.labels());

    // A delete of a store that met it has nothing to remove, and removes nothing.
    let delete = Envelope {
        generation: Generation(2),
        ..a_command(
            command.store_id.clone(),
            OperationKind::Delete,
            shared::contract::command::Goal::Absent,
        )
    };
    let (outcome, _) = settle(&here, &delete).await;
    assert_eq!(outcome, EventBody::Deleted);
    let now = api.get(store).await.unwrap();
    assert_eq!(now.uid(), theirs.uid());
    assert!(now.metadata.deletion_timestamp.is_none());
    here.clean(&[store]).await;
}

#[tokio::test]
async fn credentials_are_made_once_and_never_changed() {
    let here = Installation::unhurried().await;
    let _worker = here.worker();
    here.open_shop().await;
    let command = a_ready_store(&here).await;
    let secrets = here.cluster.of::<Secret>(command.store_id.as_str());
    let before = secrets.get("store-credentials").await.unwrap();

    here.values("web: { replicas: 0, image: \"wordpress:7\" }");
    let (outcome, _) = settle(&here, &command).await;

    assert!(is_ready(&outcome), "{outcome:?}");
    let after = secrets.get("store-credentials").await.unwrap();
    assert_eq!(after.resource_version(), before.resource_version());
    // Not a word of them is in any log of the worker.
    for (key, value) in before.data.unwrap() {
        let value = String::from_utf8(value.0).unwrap();
        assert!(value == "admin" || !here.log().contains(&value), "{key}");
    }
    until("the log says Ready", SOON, async || {
        here.log().contains("Ready")
    })
    .await;
    here.clean(&[command.store_id.as_str()]).await;
}
