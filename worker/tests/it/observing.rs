//! Stores that serve, made without a job, and what the observer says of them.
//! The apiserver's own controllers run; the test plays the kubelet.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::ResourceExt as _;
use kube::api::{ListParams, Patch, PatchParams};
use lapin::options::BasicAckOptions;
use serde_json::json;
use shared::amqp::Inbound;
use shared::amqp::topology::OBSERVATIONS;
use shared::contract::observation::{Health, Look, NamespaceSeen, Observation, ObservationBody};
use shared::ids::{StoreId, TenantId};

use crate::harness::{Installation, until};

pub const SOON: Duration = Duration::from_secs(60);

/// Short times, so that tests need not wait long.
pub fn hurry(here: &mut Installation) {
    here.set("URUMI_PROBE_INTERVAL_MS", "2000");
    here.set("URUMI_OBSERVER_LEASE_MS", "3000");
    here.set("URUMI_OBSERVER_RENEW_MS", "500");
}

/// The api's side of the queue of observations.
pub struct Observations(Inbound);

impl Observations {
    pub async fn open(here: &Installation) -> Self {
        let url = &here.broker.url;
        let inbound = Inbound::open(url, "test-observations", OBSERVATIONS, 100).await;
        Self(inbound.unwrap())
    }

    pub async fn next(&mut self, within: Duration) -> Option<Observation> {
        let next = tokio::time::timeout(within, self.0.consumer.next()).await;
        let delivery = next.ok()?.unwrap().unwrap();
        delivery
            .acker
            .ack(BasicAckOptions::default())
            .await
            .unwrap();
        Some(Observation::decode(&delivery.data).unwrap())
    }

    /// Wait for one in which the closure finds something.
    pub async fn find<T>(
        &mut self,
        within: Duration,
        find: impl Fn(&Observation) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + within;
        let mut seen = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(observation) = self.next(left).await else {
                panic!("not observed within {within:?}, but {seen:#?}")
            };
            if let Some(found) = find(&observation) {
                return found;
            }
            seen.push(observation.body);
        }
    }

    pub async fn until(&mut self, within: Duration, store: &StoreId, health: Health) -> Look {
        self.find(within, |observation| {
            let look = look_at(observation, store)?;
            (look.health == health).then_some(look)
        })
        .await
    }

    /// Every health of a store that is said for that long.
    pub async fn during(&mut self, period: Duration, store: &StoreId) -> Vec<Health> {
        let deadline = Instant::now() + period;
        let mut said = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.next(left).await {
                Some(observation) => said.extend(look_at(&observation, store).map(|l| l.health)),
                None => return said,
            }
        }
    }
}

fn look_at(observation: &Observation, store: &StoreId) -> Option<Look> {
    let ObservationBody::Health { looks } = &observation.body else {
        return None;
    };
    looks.iter().find(|look| look.store_id == *store).cloned()
}

pub fn inventory_of(observation: &Observation) -> Option<(bool, Vec<NamespaceSeen>)> {
    match &observation.body {
        ObservationBody::Inventory {
            complete,
            namespaces,
        } => Some((*complete, namespaces.clone())),
        ObservationBody::Health { .. } | ObservationBody::Logins { .. } => None,
    }
}

/// A store that was brought up: its namespace, workloads and ready pods.
pub async fn a_serving_store(here: &Installation) -> StoreId {
    let store = StoreId::random();
    a_namespace(here, &store).await;
    let none = Default::default();
    let pod = |part: &str| {
        json!({"metadata": {"labels": labels(&store, part)}, "spec": {
            "automountServiceAccountToken": false,
            "containers": [{"name": part, "image": part}]}})
    };
    let meta = |part: &str| {
        let mut labels = labels(&store, part);
        labels["helm.sh/chart"] = json!("store-0.1.0");
        json!({"name": part, "labels": labels, "annotations": {"urumi.dev/revision": "4"}})
    };
    let spec = |part: &str| json!({"replicas": 1, "serviceName": part, "selector": {"matchLabels": labels(&store, part)}, "template": pod(part)});
    let set = json!({"metadata": meta("mysql"), "spec": spec("mysql")});
    let set: StatefulSet = serde_json::from_value(set).unwrap();
    let sets = here.cluster.of::<StatefulSet>(store.as_str());
    sets.create(&none, &set).await.unwrap();
    let mut web = spec("wordpress");
    web.as_object_mut().unwrap().remove("serviceName");
    let web = json!({"metadata": meta("wordpress"), "spec": web});
    let web: Deployment = serde_json::from_value(web).unwrap();
    let webs = here.cluster.of::<Deployment>(store.as_str());
    webs.create(&none, &web).await.unwrap();
    for part in ["mysql", "wordpress"] {
        make_ready(here, &store, part).await;
    }
    store
}

fn labels(store: &StoreId, part: &str) -> serde_json::Value {
    json!({
        "app.kubernetes.io/part-of": "urumi-store-platform",
        "app.kubernetes.io/instance": store,
        "app.kubernetes.io/component": part,
    })
}

async fn a_namespace(here: &Installation, store: &StoreId) {
    let namespace = json!({"metadata": {"name": store,
        "labels": {
            "app.kubernetes.io/managed-by": "urumi",
            "urumi.dev/installation": here.name,
            "urumi.dev/store": store,
            "urumi.dev/tenant": TenantId::LOCAL,
        },
        "annotations": {"urumi.dev/ever-ready": "true", "urumi.dev/url": format!("http://{store}.localhost")},
    }});
    let namespace: Namespace = serde_json::from_value(namespace).unwrap();
    let api = here.cluster.all::<Namespace>();
    api.create(&Default::default(), &namespace).await.unwrap();
}

/// Play the kubelet: the part's pod runs and is ready.
pub async fn make_ready(here: &Installation, store: &StoreId, part: &str) {
    let pods = here.cluster.of::<Pod>(store.as_str());
    let ours = ListParams::default().labels(&format!("app.kubernetes.io/component={part}"));
    let status = json!({"status": {"phase": "Running", "conditions": [
        {"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}]}});
    until("the pod is ready", SOON, async || {
        let found = pods.list(&ours).await.unwrap().items;
        let Some(pod) = found
            .iter()
            .find(|p| p.metadata.deletion_timestamp.is_none())
        else {
            return false;
        };
        let patch = Patch::Merge(&status);
        let (name, with) = (pod.name_any(), PatchParams::default());
        pods.patch_status(&name, &with, &patch).await.is_ok()
    })
    .await;
}

/// The shop of one host answers like this, before all others, so often.
pub async fn answer(here: &Installation, host: &str, status: u16, times: Option<u64>) {
    let mock = wiremock::Mock::given(wiremock::matchers::header("host", host))
        .respond_with(wiremock::ResponseTemplate::new(status))
        .with_priority(1);
    match times {
        Some(times) => mock.up_to_n_times(times).mount(&here.shop).await,
        None => mock.mount(&here.shop).await,
    }
}
