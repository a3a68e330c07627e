//! A worker that goes away while its helm runs: when another may go on, and that
//! the first has no further effect. Lease 3 s, helm's grace 1 s, its margin 1 s.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Secret};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::ListParams;
use rustix::process::Signal;
use shared::contract::event::EventBody;
use shared::step::Step;
use shared::testing::a_create;
use worker::lease::{Acquired, acquire};

use crate::harness::{Installation, helm_script, leases, lives, until, variable};
use crate::proxy::Proxy;
use crate::stores::{slow_helm, until_ready};

const SOON: Duration = Duration::from_secs(60);
/// Lease, grace and margin; and the apiserver's time is known to the second on
/// both sides.
const BOUND: i64 = 3 + 1 + 1 + 2;
/// The same as it is measured, with three seconds for a busy machine.
const MEASURED: Duration = Duration::from_secs(BOUND.unsigned_abs() + 3);

/// For how many seconds at most a Lease holds that nobody renews any more. Read
/// from the Lease and not waited for, so that a busy machine changes nothing.
fn holds(lease: &Lease) -> i64 {
    let spec = lease.spec.as_ref().unwrap();
    let ends = spec.renew_time.as_ref().unwrap().0.as_second()
        + i64::from(spec.lease_duration_seconds.unwrap());
    ends - Timestamp::now().as_second()
}

/// What only our own programs write to the store: identity and version, or for
/// what controllers write to as well, identity and generation.
async fn picture(here: &Installation, store: &str) -> BTreeMap<String, String> {
    async fn of<K>(
        api: kube::Api<K>,
        mark: impl Fn(&K) -> String,
        into: &mut BTreeMap<String, String>,
    ) where
        K: kube::Resource<DynamicType = ()> + Clone + std::fmt::Debug,
        K: serde::de::DeserializeOwned,
    {
        for found in api.list(&ListParams::default()).await.unwrap() {
            let name = format!("{}/{}", K::kind(&()), found.name_any());
            into.insert(name, format!("{:?} {}", found.uid(), mark(&found)));
        }
    }
    fn version<K: kube::Resource>(found: &K) -> String {
        format!("version {:?}", found.resource_version())
    }
    fn generation<K: kube::Resource>(found: &K) -> String {
        format!("generation {:?}", found.meta().generation)
    }
    let mut all = BTreeMap::new();
    let cluster = &here.cluster;
    of(cluster.of::<Secret>(store), version, &mut all).await;
    of(cluster.of::<ConfigMap>(store), version, &mut all).await;
    of(cluster.of::<Deployment>(store), generation, &mut all).await;
    of(cluster.of::<StatefulSet>(store), generation, &mut all).await;
    let spec = |claim: &PersistentVolumeClaim| format!("{:?}", claim.spec);
    of(cluster.of::<PersistentVolumeClaim>(store), spec, &mut all).await;
    let lease = cluster.of::<Lease>(&here.name).get(store).await.unwrap();
    all.insert("Lease".to_owned(), version(&lease));
    let namespace = cluster.all::<Namespace>().get(store).await.unwrap();
    all.insert("itself".to_owned(), version(&namespace));
    // Every namespace gets it from a controller, when that comes to it.
    all.remove("ConfigMap/kube-root-ca.crt");
    all
}

/// Its holder has said the outcome before it gives the store back.
async fn until_given_back(here: &Installation, store: &str) {
    let api = here.cluster.of::<Lease>(&here.name);
    until("the store is given back", SOON, async || {
        let spec = api.get(store).await.unwrap().spec.unwrap();
        spec.holder_identity.is_none_or(|holder| holder.is_empty())
    })
    .await;
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

    let api = here.cluster.of::<Lease>(&here.name);
    first.kill();
    let killed = Instant::now();
    let holds = holds(&api.get(command.store_id.as_str()).await.unwrap());
    assert!(holds <= BOUND, "{holds} s");
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
    assert!(free < MEASURED, "{free:?}");
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
    let api = here.cluster.of::<Lease>(&here.name);

    first.signal(Signal::STOP);
    let halted = Instant::now();
    let holds = holds(&api.get(command.store_id.as_str()).await.unwrap());
    assert!(holds <= BOUND, "{holds} s");
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
    assert!(free < MEASURED, "{free:?}");
    println!("helm gone {gone:?}, store free {free:?} after the halt");

    here.set("URUMI_HELM", variable("TEST_HELM"));
    let _second = here.worker();
    // As the api's watchdog does: the first still has the delivery.
    here.broker.command(&command).await;
    until_ready(&here, &command, SOON).await;
    until_given_back(&here, command.store_id.as_str()).await;
    let before = picture(&here, command.store_id.as_str()).await;

    proxy.open();
    first.signal(Signal::CONT);
    let events = here.broker.until_settled(SOON).await;

    // What it had begun to tell when it was halted it may tell to its end; but it
    // begins nothing, and says the outcome that it finds.
    let Some((EventBody::Ready { revision: 1, .. }, told)) = events.split_last() else {
        panic!("{events:?}\n{}", here.log())
    };
    let up_to_helm = [Step::Namespace, Step::Credentials, Step::Release];
    let old = |event: &EventBody| match event {
        EventBody::StepStarted { step, run: 0 } => up_to_helm.contains(step),
        EventBody::StepFinished { step, run: 0, .. } => up_to_helm[..2].contains(step),
        _ => false,
    };
    assert!(told.iter().all(old), "{events:?}\n{}", here.log());
    let after = picture(&here, command.store_id.as_str()).await;
    assert_eq!(before, after);
    here.clean(&[command.store_id.as_str()]).await;
}
