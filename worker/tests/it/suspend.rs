//! Suspend and resume: no web pods and no look at the shop; as many web pods as
//! before afterwards, also under an autoscaler.

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::operation::OperationKind;

use crate::harness::{Installation, until};
use crate::stores::{a_ready_store, again, settle, volume};

const SOON: Duration = Duration::from_secs(60);

fn at_rest(command: &Envelope<Command>, suspended: bool) -> Envelope<Command> {
    let kind = match suspended {
        true => OperationKind::Suspend,
        false => OperationKind::Resume,
    };
    let mut next = again(command, kind);
    if let Goal::Present { spec } = &mut next.body.goal {
        spec.suspended = suspended;
    }
    next
}

async fn web_pods(here: &Installation, store: &str) -> i32 {
    let web = here.cluster.of::<Deployment>(store).get("wordpress").await;
    web.unwrap().spec.unwrap().replicas.unwrap()
}

/// As many web pods as an autoscaler would have asked for.
async fn scaled(here: &Installation, store: &str, replicas: i32) {
    let webs = here.cluster.of::<Deployment>(store);
    let scale = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
    webs.patch_scale("wordpress", &PatchParams::default(), &scale)
        .await
        .unwrap();
}

async fn noted(here: &Installation, store: &str) -> Option<String> {
    let found = here.cluster.all::<Namespace>().get(store).await.unwrap();
    let noted = found.annotations().get("urumi.dev/web-replicas");
    noted.cloned()
}

#[tokio::test]
async fn a_suspended_store_has_no_web_pods_is_not_asked_and_keeps_its_data() {
    let here = Installation::start().await;
    let _worker = here.worker();
    here.open_shop().await;
    let first = a_ready_store(&here).await;
    let data = volume(&here, &first).await;
    here.shop.reset().await;

    let suspend = at_rest(&first, true);
    let (outcome, words) = settle(&here, &suspend).await;

    assert!(
        matches!(outcome, EventBody::Ready { revision: 2, .. }),
        "{outcome:?}"
    );
    assert!(
        !words.iter().any(|word| word.contains("Storefront")),
        "{words:?}"
    );
    let asked = here.shop.received_requests().await.unwrap();
    assert!(asked.is_empty(), "a suspended shop was asked");
    assert_eq!(volume(&here, &suspend).await, data);

    here.open_shop().await;
    let (outcome, words) = settle(&here, &at_rest(&suspend, false)).await;
    assert!(
        matches!(outcome, EventBody::Ready { revision: 3, .. }),
        "{outcome:?}"
    );
    assert!(
        words.contains(&"Finished:Storefront".to_owned()),
        "{words:?}"
    );
    assert_eq!(volume(&here, &first).await, data);
    here.clean(&[first.store_id.as_str()]).await;
}

#[tokio::test]
async fn under_an_autoscaler_as_many_web_pods_come_back_as_there_were() {
    let mut here = Installation::start().await;
    here.limit().await;
    // There is no node here, so the pods never come.
    here.set("URUMI_PATIENCE_UNSCHEDULABLE_SECONDS", "600");
    let _worker = here.worker();
    here.open_shop().await;
    let first = a_ready_store(&here).await;
    let store = first.store_id.as_str();
    let scaler: HorizontalPodAutoscaler = serde_json::from_value(json!({
        "metadata": { "name": "wordpress" },
        "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "wordpress" },
            "minReplicas": 1, "maxReplicas": 5,
        },
    }))
    .unwrap();
    let scalers = here.cluster.of::<HorizontalPodAutoscaler>(store);
    scalers.create(&Default::default(), &scaler).await.unwrap();
    scaled(&here, store, 3).await;

    let suspend = at_rest(&first, true);
    let (outcome, _) = settle(&here, &suspend).await;
    assert!(matches!(outcome, EventBody::Ready { .. }), "{outcome:?}");
    assert_eq!(web_pods(&here, store).await, 0);
    assert_eq!(noted(&here, store).await.as_deref(), Some("3"));

    here.broker.command(&at_rest(&suspend, false)).await;
    until("three web pods are wanted again", SOON, async || {
        web_pods(&here, store).await == 3
    })
    .await;
    assert_eq!(noted(&here, store).await.as_deref(), Some("3"));
    here.clean(&[store]).await;
}
