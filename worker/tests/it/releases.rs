//! Releases of stores that are as they should be, and upgrades that are not. The
//! bad states that a release can be found in are in `bad_states.rs`.

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::ResourceExt as _;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::operation::OperationKind;
use shared::step::Step;
use shared::testing::a_create;
use worker::helm::storage;

use crate::harness::Installation;
use crate::stores::{a_ready_store, again, is_ready, settle};

#[tokio::test]
async fn an_object_that_was_removed_by_hand_comes_back_and_a_whole_release_needs_no_helm() {
    let here = Installation::unhurried().await;
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
    let here = Installation::unhurried().await;
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
    let here = Installation::unhurried().await;
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
async fn a_chart_that_does_not_render_fails_without_a_change() {
    let here = Installation::unhurried().await;
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
async fn an_update_whose_pods_never_come_goes_back_to_what_served() {
    let mut here = Installation::unhurried().await;
    here.set("URUMI_PATIENCE_UNSCHEDULABLE_SECONDS", "2");
    let _worker = here.worker();
    here.open_shop().await;
    let command = a_ready_store(&here).await;
    // There is no node in this cluster.
    here.values("web: { replicas: 1 }");

    let (outcome, words) = settle(&here, &command).await;

    let EventBody::Failed { failure, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.code, FailureCode::Unschedulable, "{failure:?}");
    assert!(failure.message.contains("serves again"), "{failure:?}");
    let back = ["Failed:Rollout", "Started:Rollback", "Finished:Rollback"].map(str::to_owned);
    assert!(words.windows(3).any(|three| three == back), "{words:?}");
    let namespaces = here.cluster.all::<Namespace>();
    let namespace = namespaces.get(command.store_id.as_str()).await.unwrap();
    assert_eq!(namespace.annotations()["urumi.dev/ready-revision"], "3");

    // The same try again meets the same, and comes back once more.
    let command = again(&command, OperationKind::Update);
    let (outcome, _) = settle(&here, &command).await;
    assert!(matches!(outcome, EventBody::Failed { .. }), "{outcome:?}");
    let release = storage::find(&here.cluster, &command.store_id).await;
    let release = release.unwrap().unwrap();
    assert_eq!(
        (release.revision, release.status),
        (5, worker::helm::ReleaseStatus::Deployed)
    );
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_secret_that_somebody_else_provides_is_not_made() {
    let mut here = Installation::unhurried().await;
    here.set("URUMI_CREDENTIALS", "external");
    let _worker = here.worker();
    here.open_shop().await;
    let command = a_ready_store(&here).await;
    let secrets = here.cluster.of::<Secret>(command.store_id.as_str());
    let found = secrets.get_opt("store-credentials").await.unwrap();
    assert!(found.is_none(), "the worker made it");
    here.clean(&[command.store_id.as_str()]).await;
}
