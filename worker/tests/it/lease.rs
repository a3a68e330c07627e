//! One hand on one store, with real Leases.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use kube::ResourceExt as _;
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::ids::{Generation, OperationId};
use shared::testing::a_create;
use worker::lease::api::Leases;
use worker::lease::{Acquired, Holding, Loss, acquire, raise};

use crate::harness::{TERMS, a_name, leases, until};

const SOON: Duration = Duration::from_secs(20);
/// The apiserver's time is known to the second, on both sides.
const GRAIN: Duration = Duration::from_millis(2100);

async fn get(leases: &Leases, command: &Envelope<Command>, holder: &str) -> Acquired {
    acquire(leases, command, holder).await.unwrap()
}

async fn hold(leases: &Leases, command: &Envelope<Command>, holder: &str) -> Holding {
    match get(leases, command, holder).await {
        Acquired::Held(holding) => holding,
        other => panic!("not held: {other:?}"),
    }
}

fn of_generation(command: &Envelope<Command>, generation: i64) -> Envelope<Command> {
    Envelope {
        generation: Generation(generation),
        ..command.clone()
    }
}

#[tokio::test]
async fn a_store_is_held_by_one_and_free_when_given_back() {
    let leases = leases(&a_name("t")).await;
    let command = a_create();

    let first = hold(&leases, &command, "a").await;
    let Acquired::Busy {
        remaining,
        supersedes,
    } = get(&leases, &command, "b").await
    else {
        panic!("two hands on one store")
    };
    assert!(remaining <= TERMS.length + GRAIN && !supersedes);

    first.release().await;
    hold(&leases, &command, "b").await.release().await;
}

#[tokio::test]
async fn of_many_at_once_one_gets_it() {
    let leases = leases(&a_name("t")).await;
    let command = a_create();

    let names: Vec<String> = (0..8).map(|n| format!("holder-{n}")).collect();
    let tries = names.iter().map(|name| get(&leases, &command, name));
    let got = futures_util::future::join_all(tries).await;

    let held = got.iter().filter(|got| matches!(got, Acquired::Held(_)));
    assert_eq!(held.count(), 1, "{got:?}");
}

#[tokio::test]
async fn a_live_holder_keeps_it_past_its_length() {
    let leases = leases(&a_name("t")).await;
    let command = a_create();
    let first = hold(&leases, &command, "a").await;

    let begun = Instant::now();
    until("two lengths have passed", SOON, async || {
        let other = get(&leases, &command, "b").await;
        assert!(matches!(other, Acquired::Busy { .. }), "{other:?}");
        assert!(!first.lost().is_cancelled());
        begun.elapsed() > TERMS.length * 2
    })
    .await;
    first.release().await;
}

#[tokio::test]
async fn a_dead_holder_is_followed_after_its_length_and_not_before() {
    let leases = leases(&a_name("t")).await;
    let command = a_create();
    let begun = Instant::now();
    // Dropped, not released: as a killed process leaves it.
    drop(hold(&leases, &command, "a").await);
    // Read, not measured: a busy machine changes nothing of it.
    let Acquired::Busy { remaining, .. } = get(&leases, &command, "b").await else {
        panic!("two hands on one store")
    };
    assert!(remaining <= TERMS.length + GRAIN, "{remaining:?}");

    until("somebody else gets it", SOON, async || {
        matches!(get(&leases, &command, "b").await, Acquired::Held(_))
    })
    .await;

    let took = begun.elapsed();
    assert!(took >= TERMS.length, "{took:?}");
    assert!(took < TERMS.length + GRAIN * 2, "{took:?}");
}

#[tokio::test]
async fn while_helm_runs_it_holds_longer() {
    let leases = leases(&a_name("t")).await;
    let command = a_create();
    let first = hold(&leases, &command, "a").await;
    first.for_helm().await.unwrap();

    let Acquired::Busy { remaining, .. } = get(&leases, &command, "b").await else {
        panic!("two hands on one store")
    };
    assert!(remaining > TERMS.length + GRAIN, "{remaining:?}");

    first.after_helm().await;
    let Acquired::Busy { remaining, .. } = get(&leases, &command, "b").await else {
        panic!("two hands on one store")
    };
    assert!(remaining <= TERMS.length + GRAIN, "{remaining:?}");
    first.release().await;
}

#[tokio::test]
async fn a_raised_generation_stops_the_holder() {
    let leases = leases(&a_name("t")).await;
    let command = a_create();
    let first = hold(&leases, &command, "a").await;
    let begun = Instant::now();

    raise(&leases, &command.store_id, Generation(2))
        .await
        .unwrap();

    tokio::time::timeout(SOON, first.lost().cancelled())
        .await
        .unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(first.loss(), Some(Loss::Newer(Generation(2))));
    assert!(first.settle(1, &EventBody::Deleted, None).await.is_err());
    first.release().await;

    assert!(matches!(
        get(&leases, &command, "b").await,
        Acquired::Newer(Generation(2))
    ));
    let newer = of_generation(&command, 2);
    hold(&leases, &newer, "c").await.release().await;
}

#[tokio::test]
async fn a_newer_command_stops_the_holder_by_asking() {
    let leases = leases(&a_name("t")).await;
    let command = a_create();
    let first = hold(&leases, &command, "a").await;

    let asked = get(&leases, &of_generation(&command, 5), "b").await;

    assert!(matches!(
        asked,
        Acquired::Busy {
            supersedes: true,
            ..
        }
    ));
    tokio::time::timeout(SOON, first.lost().cancelled())
        .await
        .unwrap();
    first.release().await;
}

#[tokio::test]
async fn a_raise_makes_the_lease_and_never_lowers_it() {
    let leases = leases(&a_name("t")).await;
    let command = a_create();
    for generation in [3, 2, 3, 1] {
        let generation = Generation(generation);
        raise(&leases, &command.store_id, generation).await.unwrap();
    }

    assert!(matches!(
        get(&leases, &of_generation(&command, 2), "a").await,
        Acquired::Newer(Generation(3))
    ));
}

#[tokio::test]
async fn a_settled_try_is_known_to_everybody_and_a_later_one_is_free() {
    let leases = leases(&a_name("t")).await;
    let command = a_create();
    let outcome = EventBody::Ready {
        images: Default::default(),
        revision: 1,
        chart: "store-0.1.0".to_owned(),
    };
    let first = hold(&leases, &command, "a").await;
    first.settle(1, &outcome, None).await.unwrap();
    first.release().await;

    let Acquired::Settled(settled) = get(&leases, &command, "b").await else {
        panic!("it was settled")
    };
    assert_eq!((settled.attempt, settled.outcome), (1, outcome));
    let second = Envelope {
        attempt: 2,
        ..command
    };
    hold(&leases, &second, "c").await.release().await;
}

#[tokio::test]
async fn what_another_operation_settled_under_the_same_generation_is_not_this_ones() {
    let leases = leases(&a_name("t")).await;
    let command = a_create();
    let first = hold(&leases, &command, "a").await;
    first.settle(1, &EventBody::Deleted, None).await.unwrap();
    first.release().await;

    // As after a database was restored that did not know of the first.
    let other = Envelope {
        operation_id: OperationId::new(),
        ..command.clone()
    };

    assert!(matches!(
        get(&leases, &other, "b").await,
        Acquired::Newer(Generation(2))
    ));
    let above = of_generation(&other, 3);
    hold(&leases, &above, "c").await.release().await;
}

#[tokio::test]
async fn a_holder_that_was_overtaken_can_settle_nothing() {
    let name = a_name("t");
    let leases = leases(&name).await;
    let command = a_create();
    let first = hold(&leases, &command, "a").await;
    // As after a pause longer than its length: somebody else has it.
    let api = kube::Api::<Lease>::namespaced(crate::harness::cluster().await.requests(), &name);
    let store = command.store_id.as_str();
    let mut lease = api.get(store).await.unwrap();
    lease.spec.as_mut().unwrap().holder_identity = Some("b".to_owned());
    // The holder renews meanwhile, so the first try may be a conflict.
    until("b takes it", SOON, async || {
        let fresh = api.get(store).await.unwrap();
        lease.metadata.resource_version = fresh.resource_version();
        api.replace(store, &Default::default(), &lease)
            .await
            .is_ok()
    })
    .await;

    assert!(first.settle(1, &EventBody::Deleted, None).await.is_err());
    assert_eq!(first.loss(), Some(Loss::Taken));
    first.release().await;
    let lease = api.get(store).await.unwrap();
    assert_eq!(lease.spec.unwrap().holder_identity.as_deref(), Some("b"));
}
