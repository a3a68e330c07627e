//! One observer among the workers: what it says of stores that nobody works on.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;
use shared::contract::observation::Health;
use shared::ids::StoreId;

use crate::harness::{Installation, until};
use crate::observing::{
    Observations, SOON, a_serving_store, answer, hurry, inventory_of, make_ready,
};
use crate::road::Road;

async fn start() -> Installation {
    let mut here = Installation::start().await;
    hurry(&mut here);
    here.open_shop().await;
    here
}

#[tokio::test]
async fn a_lost_database_is_degraded_at_once_and_healthy_again_by_itself() {
    let here = start().await;
    let store = a_serving_store(&here).await;
    let _worker = here.worker();
    let mut observations = Observations::open(&here).await;
    observations.until(SOON, &store, Health::Healthy).await;

    let pods = here.cluster.of::<Pod>(store.as_str());
    let begun = Instant::now();
    pods.delete("mysql-0", &DeleteParams::default().grace_period(0))
        .await
        .unwrap();
    let look = observations.until(SOON, &store, Health::Degraded).await;

    let took = begun.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    let first = &look.reasons[0];
    assert_eq!(first.code, "DatabaseNotReady");
    assert_eq!(first.object, "StatefulSet/mysql");
    make_ready(&here, &store, "mysql").await;
    let look = observations.until(SOON, &store, Health::Healthy).await;
    assert_eq!(look.reasons, []);
    here.clean(&[store.as_str()]).await;
}

#[tokio::test]
async fn one_failed_probe_changes_nothing_and_a_second_one_does() {
    let here = start().await;
    let store = a_serving_store(&here).await;
    let _worker = here.worker();
    let mut observations = Observations::open(&here).await;
    observations.until(SOON, &store, Health::Healthy).await;
    let host = format!("{store}.localhost");

    answer(&here, &host, 503, Some(1)).await;
    let said = observations.during(Duration::from_secs(5), &store).await;
    assert!(!said.is_empty());
    assert!(
        said.iter().all(|health| *health == Health::Healthy),
        "{said:?}"
    );

    answer(&here, &host, 503, None).await;
    let look = observations.until(SOON, &store, Health::Degraded).await;
    assert_eq!(look.reasons[0].code, "StorefrontUnreachable");
    assert!(look.reasons[0].message.contains("503"), "{look:?}");
    here.shop.reset().await;
    here.open_shop().await;
    observations.until(SOON, &store, Health::Healthy).await;
    here.clean(&[store.as_str()]).await;
}

#[tokio::test]
async fn when_the_control_host_fails_too_health_is_unknown() {
    let mut here = start().await;
    here.set("URUMI_CONTROL_HOST", "control.localhost");
    let store = a_serving_store(&here).await;
    let _worker = here.worker();
    let mut observations = Observations::open(&here).await;
    observations.until(SOON, &store, Health::Healthy).await;

    answer(&here, "control.localhost", 503, None).await;
    answer(&here, &format!("{store}.localhost"), 503, None).await;
    let look = observations
        .find(SOON, |observation| {
            let shared::contract::observation::ObservationBody::Health { looks } =
                &observation.body
            else {
                return None;
            };
            let look = looks.iter().find(|look| look.store_id == store)?;
            (look.health != Health::Healthy).then(|| look.clone())
        })
        .await;

    assert_eq!(look.health, Health::Unknown, "{look:?}");
    here.clean(&[store.as_str()]).await;
}

#[tokio::test]
async fn exactly_one_observes_and_each_take_over_has_a_greater_term() {
    let here = start().await;
    let store = a_serving_store(&here).await;
    let mut observations = Observations::open(&here).await;
    let first = here.worker();
    let term = observations.find(SOON, |o| Some(o.term)).await;
    let second = here.worker();
    let until = Instant::now() + Duration::from_secs(6);
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        if let Some(observation) = observations.next(left).await {
            assert_eq!(observation.term, term, "two observe");
        }
    }

    first.kill();
    let killed = Instant::now();
    let next = observations
        .find(SOON, |o| (o.term != term).then_some(o.term))
        .await;
    assert!(next > term);
    let took = killed.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");

    // One that stops gives the seat back: the lease's length is not waited for.
    let third = here.worker();
    crate::harness::until("the third waits", SOON, async || {
        here.log().matches("started").count() >= 3
    })
    .await;
    let begun = Instant::now();
    assert!(second.stop(Duration::from_secs(10)).await, "{}", here.log());
    let last = observations
        .find(SOON, |o| (o.term > next).then_some(o.term))
        .await;
    assert!(last > next && begun.elapsed() < Duration::from_secs(8));
    drop(third);
    here.clean(&[store.as_str()]).await;
}

#[tokio::test]
async fn an_api_error_never_gives_a_complete_inventory() {
    let mut here = start().await;
    // It goes on observing while the apiserver is away.
    here.set("URUMI_OBSERVER_LEASE_MS", "60000");
    let road = Road::build(here.folder.path(), here.cluster.url()).await;
    here.set("KUBECONFIG", road.kubeconfig.clone());
    let store = a_serving_store(&here).await;
    let foreign = StoreId::random();
    let api = here.cluster.all::<Namespace>();
    let theirs = serde_json::from_value(json!({"metadata": {"name": foreign}})).unwrap();
    api.create(&Default::default(), &theirs).await.unwrap();
    let _worker = here.worker();
    let mut observations = Observations::open(&here).await;
    let (complete, namespaces) = observations.find(SOON, inventory_of).await;

    assert!(complete);
    let of = |name: &StoreId| namespaces.iter().find(|seen| seen.name == name.as_str());
    let ours = of(&store).unwrap();
    assert_eq!(ours.installation.as_deref(), Some(here.name.as_str()));
    assert_eq!(
        (ours.revision, ours.chart.as_deref()),
        (Some(4), Some("store-0.1.0"))
    );
    assert!(ours.ever_ready && ours.tenant.is_some());
    assert_eq!(of(&foreign).unwrap().installation, None);

    road.cut();
    observations
        .find(SOON, |o| inventory_of(o).filter(|(complete, _)| !complete))
        .await;
    // Gone behind the observer's back: nobody may conclude that it is there.
    api.delete(foreign.as_str(), &DeleteParams::default())
        .await
        .unwrap();
    road.mend();
    let gone = |namespaces: &[shared::contract::observation::NamespaceSeen]| {
        namespaces.iter().all(|seen| seen.name != foreign.as_str())
    };
    observations
        .find(SOON, |o| {
            inventory_of(o).filter(|(complete, namespaces)| *complete && gone(namespaces))
        })
        .await;
    here.clean(&[store.as_str(), foreign.as_str()]).await;
}

#[tokio::test]
async fn only_tombstones_whose_time_has_passed_are_removed() {
    let mut here = start().await;
    here.limit().await;
    let leases: Api<Lease> = here.cluster.of(&here.name);
    let mut names = Vec::new();
    for until in [
        Some("2026-01-01T00:00:00Z"),
        Some("2999-01-01T00:00:00Z"),
        None,
    ] {
        let store = StoreId::random();
        let annotations = until.map(|until| json!({"urumi.dev/tombstone-until": until}));
        let lease = json!({"metadata": {"name": store, "labels": {"urumi.dev/store": store},
            "annotations": annotations}});
        let lease: Lease = serde_json::from_value(lease).unwrap();
        leases.create(&Default::default(), &lease).await.unwrap();
        names.push(store);
    }

    let _worker = here.worker();
    let there = async |store: &StoreId| leases.get_opt(store.as_str()).await.unwrap().is_some();
    until("the old tombstone is gone", SOON, async || {
        !there(&names[0]).await
    })
    .await;

    assert!(there(&names[1]).await && there(&names[2]).await);
    here.clean(&[]).await;
}

#[tokio::test]
async fn the_number_of_watches_does_not_grow_with_the_stores() {
    let mut here = start().await;
    let road = Road::build(here.folder.path(), here.cluster.url()).await;
    here.set("KUBECONFIG", road.kubeconfig.clone());
    let _worker = here.worker();
    let mut observations = Observations::open(&here).await;
    let mut stores = Vec::new();
    let mut open = Vec::new();
    for count in [3, 30] {
        while stores.len() < count {
            stores.push(a_serving_store(&here).await);
        }
        for store in &stores[stores.len().saturating_sub(3)..] {
            observations.until(SOON, store, Health::Healthy).await;
        }
        open.push(road.travellers());
    }
    // Five shared watches, one kept connection for requests, and room for one
    // request that is under way.
    assert!(open.iter().all(|count| (5..=7).contains(count)), "{open:?}");
    let names: Vec<&str> = stores.iter().map(StoreId::as_str).collect();
    here.clean(&names).await;
}
