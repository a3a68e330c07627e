//! Every bad state that helm's storage can be in, made with real helm records on
//! a real apiserver: each converges, and volumes of a store that was ready stay.

use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Secret};
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::json;
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::ids::Generation;
use shared::operation::OperationKind;
use shared::step::Step;
use shared::testing::{a_command, a_create};
use worker::helm::storage;

use crate::harness::{Installation, until};
use crate::journey::words;

const SOON: Duration = Duration::from_secs(60);

/// Bring a store up, and give the next generation of its command.
async fn a_ready_store(here: &Installation) -> Envelope<Command> {
    let create = a_create();
    here.broker.command(&create).await;
    let events = here.broker.until_settled(SOON).await;
    assert!(
        matches!(events.last(), Some(EventBody::Ready { .. })),
        "{events:#?}"
    );
    again(&create, OperationKind::Update)
}

fn again(command: &Envelope<Command>, kind: OperationKind) -> Envelope<Command> {
    Envelope {
        generation: Generation(command.generation.0 + 1),
        ..a_command(command.store_id.clone(), kind, command.body.goal.clone())
    }
}

/// The Secret of the newest revision as it would be, had helm been killed.
async fn set_status(here: &Installation, command: &Envelope<Command>, status: &str) {
    let store = &command.store_id;
    let release = storage::find(&here.cluster, store).await.unwrap().unwrap();
    let name = format!("sh.helm.release.v1.{store}.v{}", release.revision);
    let api = here.cluster.of::<Secret>(store.as_str());
    let mut secret = api.get(&name).await.unwrap();
    secret
        .labels_mut()
        .insert("status".to_owned(), status.to_owned());
    let data = secret.data.as_mut().unwrap();
    data.insert(
        "release".to_owned(),
        with_status(&data["release"].0, status),
    );
    api.replace(&name, &Default::default(), &secret)
        .await
        .unwrap();
}

fn with_status(record: &[u8], status: &str) -> ByteString {
    use base64::Engine as _;
    use std::io::{Read as _, Write as _};
    let engine = base64::engine::general_purpose::STANDARD;
    let mut text = String::new();
    flate2::read::GzDecoder::new(engine.decode(record).unwrap().as_slice())
        .read_to_string(&mut text)
        .unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["info"]["status"] = json!(status);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(value.to_string().as_bytes()).unwrap();
    ByteString(engine.encode(packer.finish().unwrap()).into_bytes())
}

async fn mark_never_ready(here: &Installation, command: &Envelope<Command>) {
    let patch = json!({"metadata": {"annotations": {"urumi.dev/ever-ready": null}}});
    here.cluster
        .all::<Namespace>()
        .patch(
            command.store_id.as_str(),
            &PatchParams::default(),
            &Patch::Merge(patch),
        )
        .await
        .unwrap();
}

async fn volume(here: &Installation, command: &Envelope<Command>) -> String {
    let api = here
        .cluster
        .of::<PersistentVolumeClaim>(command.store_id.as_str());
    api.get("mysql").await.unwrap().uid().unwrap()
}

async fn settle(here: &Installation, command: &Envelope<Command>) -> (EventBody, Vec<String>) {
    here.broker.command(command).await;
    let events = here.broker.until_settled(SOON).await;
    (events.last().unwrap().clone(), words(&events))
}

fn is_ready(outcome: &EventBody) -> bool {
    matches!(outcome, EventBody::Ready { .. })
}

#[tokio::test]
async fn a_stale_pending_release_of_a_ready_store_is_freed_and_goes_forward() {
    let here = Installation::start().await;
    let _worker = here.worker();
    here.open_shop().await;
    let mut command = a_ready_store(&here).await;
    let before = volume(&here, &command).await;
    for status in [
        "pending-upgrade",
        "pending-rollback",
        "pending-install",
        "uninstalling",
    ] {
        set_status(&here, &command, status).await;

        let (outcome, words) = settle(&here, &command).await;

        assert!(is_ready(&outcome), "{status}: {outcome:?}\n{}", here.log());
        assert!(
            words.contains(&"Started:Unlock".to_owned()),
            "{status}: {words:?}"
        );
        assert!(
            !words.contains(&"Started:Reset".to_owned()),
            "{status}: {words:?}"
        );
        assert_eq!(volume(&here, &command).await, before, "{status}");
        command = again(&command, OperationKind::Update);
    }
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_broken_first_install_that_never_served_begins_again_without_its_volumes() {
    let here = Installation::start().await;
    let _worker = here.worker();
    here.open_shop().await;
    let mut command = a_ready_store(&here).await;
    for status in ["pending-install", "uninstalling"] {
        // Each time a fresh first revision.
        mark_never_ready(&here, &command).await;
        set_status(&here, &command, status).await;
        let before = volume(&here, &command).await;

        let (outcome, words) = settle(&here, &command).await;

        assert!(is_ready(&outcome), "{status}: {outcome:?}\n{}", here.log());
        assert!(
            words.contains(&"Started:Reset".to_owned()),
            "{status}: {words:?}"
        );
        assert_ne!(volume(&here, &command).await, before, "{status}");
        command = again(&command, OperationKind::Create);
    }
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_ready_store_whose_release_record_was_lost_is_adopted_with_its_data() {
    let here = Installation::start().await;
    let _worker = here.worker();
    here.open_shop().await;
    let command = a_ready_store(&here).await;
    let before = volume(&here, &command).await;
    let secrets = here.cluster.of::<Secret>(command.store_id.as_str());
    secrets
        .delete_collection(
            &DeleteParams::default(),
            &ListParams::default().labels("owner=helm"),
        )
        .await
        .unwrap();

    let (outcome, words) = settle(&here, &command).await;

    assert!(is_ready(&outcome), "{outcome:?}\n{}", here.log());
    assert!(!words.contains(&"Started:Reset".to_owned()), "{words:?}");
    assert_eq!(volume(&here, &command).await, before);
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn an_object_that_was_removed_by_hand_comes_back_and_a_whole_release_needs_no_helm() {
    let here = Installation::start().await;
    let _worker = here.worker();
    here.open_shop().await;
    let command = a_ready_store(&here).await;
    let maps = here.cluster.of::<ConfigMap>(command.store_id.as_str());

    let (outcome, _) = settle(&here, &command).await;
    assert!(
        matches!(outcome, EventBody::Ready { revision: 1, .. }),
        "{outcome:?}"
    );

    maps.delete("wordpress", &DeleteParams::default())
        .await
        .unwrap();
    let command = again(&command, OperationKind::Update);
    let (outcome, _) = settle(&here, &command).await;

    assert!(
        matches!(outcome, EventBody::Ready { revision: 2, .. }),
        "{outcome:?}\n{}",
        here.log()
    );
    assert!(maps.get_opt("wordpress").await.unwrap().is_some());
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_failed_upgrade_of_a_ready_store_is_rolled_back_and_said() {
    let here = Installation::start().await;
    let _worker = here.worker();
    here.open_shop().await;
    let command = a_ready_store(&here).await;
    // A quantity that only the apiserver refuses.
    here.values("web: { replicas: 0, resources: { requests: { cpu: lots } } }");

    let (outcome, words) = settle(&here, &command).await;

    let EventBody::Failed { failure, changed } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.step, Some(Step::Release));
    assert!(changed);
    assert!(!failure.evidence.is_empty());
    assert!(
        words.contains(&"Started:Rollback".to_owned()),
        "{words:?} {failure:?}"
    );
    let release = storage::find(&here.cluster, &command.store_id).await;
    let release = release.unwrap().unwrap();
    assert_eq!(
        (release.revision, release.status),
        (3, worker::helm::ReleaseStatus::Deployed)
    );
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_rollback_that_would_lower_the_database_is_refused() {
    let here = Installation::start().await;
    let _worker = here.worker();
    here.open_shop().await;
    let command = a_ready_store(&here).await;
    here.values(
        "database: { image: \"mysql:9.7\" }\nweb: { replicas: 0, resources: { requests: { cpu: lots } } }",
    );

    let (outcome, _) = settle(&here, &command).await;

    let EventBody::Failed { failure, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.code, FailureCode::RollbackUnsafe, "{failure:?}");
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_chart_that_does_not_render_fails_without_a_change() {
    let here = Installation::start().await;
    let _worker = here.worker();
    here.values("web: 7");
    let command = a_create();

    let (outcome, _) = settle(&here, &command).await;

    let EventBody::Failed { failure, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.code, FailureCode::ChartInvalid, "{failure:?}");
    assert!(!failure.retryable);
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn volumes_left_from_before_of_a_store_that_never_served_are_removed_first() {
    let here = Installation::start().await;
    here.open_shop().await;
    let command = a_create();
    let store = command.store_id.as_str();
    let labels = json!({
        "urumi.dev/installation": here.name,
        "urumi.dev/store": store,
    });
    let namespace = json!({"metadata": {"name": store, "labels": labels}});
    here.cluster
        .all::<Namespace>()
        .create(
            &Default::default(),
            &serde_json::from_value(namespace).unwrap(),
        )
        .await
        .unwrap();
    let claim = json!({"metadata": {"name": "mysql"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    let claims = here.cluster.of::<PersistentVolumeClaim>(store);
    let old = claims
        .create(&Default::default(), &serde_json::from_value(claim).unwrap())
        .await
        .unwrap();

    let _worker = here.worker();
    let (outcome, words) = settle(&here, &command).await;

    assert!(is_ready(&outcome), "{outcome:?}\n{}", here.log());
    assert!(words.contains(&"Started:Reset".to_owned()), "{words:?}");
    assert_ne!(Some(volume(&here, &command).await), old.uid());
    here.clean(&[store]).await;
}

#[tokio::test]
async fn a_namespace_that_cannot_go_names_what_blocks_it_and_then_goes() {
    let here = Installation::start().await;
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
    let here = Installation::start().await;
    let _worker = here.worker();
    let command = a_create();
    let store = command.store_id.as_str();
    let api = here.cluster.all::<Namespace>();
    let theirs = json!({"metadata": {"name": store, "labels": {"team": "theirs"}}});
    let theirs: Namespace = serde_json::from_value(theirs).unwrap();
    let theirs = api.create(&Default::default(), &theirs).await.unwrap();

    let (outcome, _) = settle(&here, &command).await;

    let EventBody::Failed { failure, changed } = outcome else {
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
    let here = Installation::start().await;
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
