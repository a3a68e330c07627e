//! Every bad state that helm's storage can be in, made with real helm records on
//! a real apiserver: each converges, and volumes of a store that was ready stay.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::json;
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::operation::OperationKind;
use shared::step::Step;
use shared::testing::a_create;
use worker::helm::storage;

use crate::harness::Installation;
use crate::stores::{a_ready_store, again, is_ready, settle, volume};

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
async fn what_was_set_by_hand_is_set_back_by_the_next_upgrade() {
    let here = Installation::start().await;
    let _worker = here.worker();
    here.open_shop().await;
    let command = a_ready_store(&here).await;
    let maps = here.cluster.of::<ConfigMap>(command.store_id.as_str());
    let by_hand = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"title": "mine"}});
    let hand = PatchParams::apply("kubectl-edit").force();
    maps.patch("wordpress", &hand, &Patch::Apply(by_hand))
        .await
        .unwrap();

    here.values("web: { replicas: 0, image: \"wordpress:7\" }");
    let (outcome, _) = settle(&here, &command).await;

    assert!(is_ready(&outcome), "{outcome:?}");
    let map = maps.get("wordpress").await.unwrap();
    assert_eq!(map.data.unwrap()["title"], "My Shop");
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

    let EventBody::Failed {
        failure,
        changed,
        run: 0,
    } = outcome
    else {
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
