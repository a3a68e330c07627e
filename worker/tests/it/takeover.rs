//! A worker that goes away while its helm runs: when another may go on, and that
//! the first has no further effect. Lease 3 s, helm's grace 1 s, its margin 1 s.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Secret};
use kube::ResourceExt as _;
use kube::api::ListParams;
use rustix::process::Signal;
use shared::contract::event::EventBody;
use shared::testing::a_create;
use worker::lease::{Acquired, acquire};

use crate::harness::{Installation, helm_script, leases, lives, until, variable};
use crate::proxy::Proxy;
use crate::stores::{slow_helm, until_ready};

const SOON: Duration = Duration::from_secs(60);
/// Lease, grace and margin; the apiserver's time is known to the second on both
/// sides; and three seconds for a busy machine.
const BOUND: Duration = Duration::from_secs(3 + 1 + 1 + 2 + 3);

/// Name, identity and version of everything of the store.
async fn picture(here: &Installation, store: &str) -> BTreeMap<String, String> {
    async fn of<K>(api: kube::Api<K>, into: &mut BTreeMap<String, String>)
    where
        K: kube::Resource<DynamicType = ()> + Clone + std::fmt::Debug,
        K: serde::de::DeserializeOwned,
    {
        for found in api.list(&ListParams::default()).await.unwrap() {
            let name = format!("{}/{}", K::kind(&()), found.name_any());
            let version = format!("{:?} {:?}", found.uid(), found.resource_version());
            into.insert(name, version);
        }
    }
    let mut all = BTreeMap::new();
    let cluster = &here.cluster;
    of(cluster.of::<Secret>(store), &mut all).await;
    of(cluster.of::<ConfigMap>(store), &mut all).await;
    of(cluster.of::<Deployment>(store), &mut all).await;
    of(cluster.of::<StatefulSet>(store), &mut all).await;
    of(cluster.of::<PersistentVolumeClaim>(store), &mut all).await;
    of(cluster.of::<Lease>(&here.name), &mut all).await;
    // The observer's hand on its own Lease is no effect on the store.
    all.remove("Lease/observer");
    let namespace = cluster.all::<Namespace>().get(store).await.unwrap();
    all.insert(
        "itself".to_owned(),
        format!("{:?}", namespace.resource_version()),
    );
    all
}

#[tokio::test]
async fn a_worker_killed_under_its_helm_is_followed_after_lease_and_grace() {
    let mut here = Installation::start().await;
    let pid = slow_helm(&mut here, 300);
    here.open_shop().await;
    let command = a_create();
    let first = here.worker();
    here.broker.command(&command).await;
    until("helm runs", SOON, async || pid.exists()).await;
    // Long enough that renewals have come since.
    let begun = Instant::now();
    until("helm has run for a while", SOON, async || {
        begun.elapsed() > Duration::from_secs(2)
    })
    .await;

    first.kill();
    let killed = Instant::now();
    here.set("URUMI_HELM", variable("TEST_HELM"));
    let leases = leases(&here.name).await;
    until("the store is free", SOON, async || {
        let helm_lived = lives(&pid);
        match acquire(&leases, &command, "test").await.unwrap() {
            Acquired::Held(holding) => {
                assert!(!helm_lived, "two hands on one store");
                holding.release().await;
                true
            }
            _ => false,
        }
    })
    .await;
    let free = killed.elapsed();

    assert!(free < BOUND, "{free:?}");
    println!("free {free:?} after the kill");
    let _second = here.worker();
    here.broker.command(&command).await;
    until_ready(&here, &command, SOON).await;
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_halted_worker_loses_its_helm_before_its_store_and_does_nothing_when_it_wakes() {
    let mut here = Installation::start().await;
    let proxy = Proxy::halted().await;
    let pid = here.folder.path().join("helm.pid");
    let script = format!(
        "echo $$ >>{}\nKUBECONFIG={} exec {} \"$@\"",
        pid.display(),
        proxy.kubeconfig(here.folder.path()).display(),
        variable("TEST_HELM")
    );
    let helm = helm_script(here.folder.path(), &script, SOON);
    here.set("URUMI_HELM", helm.program.display().to_string());
    // Else the broker would hand the halted worker a second delivery.
    here.set("URUMI_SLOTS", "1");
    // helm's own limit is far away: only the lease can end it.
    here.set("URUMI_HELM_LIMIT_MS", "60000");
    here.open_shop().await;
    let command = a_create();
    let first = here.worker();
    here.broker.command(&command).await;
    until("helm runs", SOON, async || lives(&pid)).await;

    first.signal(Signal::STOP);
    let halted = Instant::now();
    let leases = leases(&here.name).await;
    let mut gone = None;
    until("the store is free", SOON, async || {
        let helm_lived = lives(&pid);
        if !helm_lived {
            gone.get_or_insert_with(|| halted.elapsed());
        }
        match acquire(&leases, &command, "test").await.unwrap() {
            Acquired::Held(holding) => {
                assert!(!helm_lived, "two hands on one store");
                holding.release().await;
                true
            }
            _ => false,
        }
    })
    .await;
    let free = halted.elapsed();
    assert!(free < BOUND, "{free:?}");
    println!("helm gone {gone:?}, store free {free:?} after the halt");

    here.set("URUMI_HELM", variable("TEST_HELM"));
    let _second = here.worker();
    // As the api's watchdog does: the first still has the delivery.
    here.broker.command(&command).await;
    until_ready(&here, &command, SOON).await;
    let before = picture(&here, command.store_id.as_str()).await;

    proxy.open();
    first.signal(Signal::CONT);
    let events = here.broker.until_settled(SOON).await;

    assert!(
        matches!(events.as_slice(), [EventBody::Ready { revision: 1, .. }]),
        "{events:?}"
    );
    let after = picture(&here, command.store_id.as_str()).await;
    assert_eq!(before, after);
    here.clean(&[command.store_id.as_str()]).await;
}
