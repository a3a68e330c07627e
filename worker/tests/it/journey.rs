//! Whole tries, from the command to the confirmed outcome.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::ResourceExt as _;
use kube::api::ListParams;
use shared::contract::command::Goal;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::ids::Generation;
use shared::operation::OperationKind;
use shared::step::Step;
use shared::testing::{a_command, a_create};

use crate::harness::{Installation, until};

const SOON: Duration = Duration::from_secs(40);

/// `Started:X`, `Finished:X` and the settling kind, without the waits.
pub fn words(events: &[EventBody]) -> Vec<String> {
    let word = |event: &EventBody| match event {
        EventBody::StepStarted { step, .. } => Some(format!("Started:{}", step.as_str())),
        EventBody::StepFinished {
            step, failed: true, ..
        } => Some(format!("Failed:{}", step.as_str())),
        EventBody::StepFinished { step, .. } => Some(format!("Finished:{}", step.as_str())),
        EventBody::StepWaiting { .. } => None,
        other => Some(other.kind().to_owned()),
    };
    events.iter().filter_map(word).collect()
}

#[tokio::test]
async fn a_store_is_made_and_then_deleted_without_a_trace() {
    let here = Installation::unhurried().await;
    let _worker = here.worker();
    here.open_shop().await;
    let create = a_create();
    let store = create.store_id.as_str();

    here.broker.command(&create).await;
    let events = here.broker.until_settled(SOON).await;

    let expected = [
        Step::Namespace,
        Step::Credentials,
        Step::Release,
        Step::Rollout,
        Step::Storefront,
    ]
    .iter()
    .flat_map(|step| {
        [
            format!("Started:{}", step.as_str()),
            format!("Finished:{}", step.as_str()),
        ]
    })
    .chain(["Ready".to_owned()])
    .collect::<Vec<_>>();
    assert_eq!(words(&events), expected, "{}", here.log());
    let Some(EventBody::Ready {
        revision, chart, ..
    }) = events.last()
    else {
        panic!("{events:?}")
    };
    assert_eq!((*revision, chart.as_str()), (1, "miniature-0.1.0"));
    let namespaces = here.cluster.all::<Namespace>();
    let namespace = namespaces.get(store).await.unwrap();
    assert_eq!(namespace.annotations()["urumi.dev/ever-ready"], "true");
    assert_eq!(
        namespace.labels()["pod-security.kubernetes.io/enforce"],
        "restricted"
    );
    let maps = here.cluster.of::<ConfigMap>(store);
    let made = maps.get("wordpress").await.unwrap().data.unwrap();
    assert_eq!(made["title"], "My Shop");
    let secrets = here.cluster.of::<Secret>(store);
    let secret = secrets.get("store-credentials").await.unwrap();
    assert_eq!(secret.data.unwrap().len(), 12);

    let delete = Envelope {
        generation: Generation(2),
        ..a_command(create.store_id.clone(), OperationKind::Delete, Goal::Absent)
    };
    here.broker.command(&delete).await;
    let events = here.broker.until_settled(SOON).await;

    assert_eq!(
        words(&events),
        ["Started:Purge", "Finished:Purge", "Deleted"],
        "{}",
        here.log()
    );
    assert!(namespaces.get_opt(store).await.unwrap().is_none());

    // A late redelivery of the create finds the tombstone and brings nothing back.
    here.broker.command(&create).await;
    let events = here.broker.until_settled(SOON).await;
    assert_eq!(words(&events), ["Stopped"]);
    assert!(namespaces.get_opt(store).await.unwrap().is_none());
    here.clean(&[]).await;
}

#[tokio::test]
async fn a_redelivered_command_does_not_install_twice() {
    let here = Installation::unhurried().await;
    let _worker = here.worker();
    here.open_shop().await;
    let create = a_create();
    let store = create.store_id.as_str();

    here.broker.command(&create).await;
    let first = here.broker.until_settled(SOON).await;
    for _ in 0..5 {
        here.broker.command(&create).await;
        let again = here.broker.until_settled(SOON).await;
        assert_eq!(again.as_slice(), &first[first.len() - 1..]);
    }

    let ours = ListParams::default().labels("owner=helm");
    let secrets = here.cluster.of::<Secret>(store);
    assert_eq!(secrets.list(&ours).await.unwrap().items.len(), 1);
    here.clean(&[store]).await;
}

#[tokio::test]
async fn a_silent_shop_is_asked_less_and_less_and_is_ready_when_it_answers() {
    let here = Installation::unhurried().await;
    let _worker = here.worker();
    let create = a_create();
    here.broker.command(&create).await;
    let waits = |event: &EventBody| {
        matches!(
            event,
            EventBody::StepWaiting {
                step: Step::Storefront,
                ..
            }
        ) || event.settles()
    };
    here.broker.until(SOON, waits).await;
    let (begun, silence) = (Instant::now(), Duration::from_secs(2));
    until("it is silent for a while", SOON, async || {
        begun.elapsed() >= silence
    })
    .await;

    let asked = here.shop.received_requests().await.unwrap().len();
    // Five times within the first third of a second, then every 200 ms.
    assert!((3..=16).contains(&asked), "{asked}");
    here.open_shop().await;
    let events = here.broker.until_settled(SOON).await;
    assert!(
        matches!(events.last(), Some(EventBody::Ready { .. })),
        "{events:?}"
    );
    here.clean(&[create.store_id.as_str()]).await;
}
