//! Something changed: the only use of watches here. A waiting step looks again
//! at the full state when one wakes it, so a missed change costs one look later
//! and never correctness. Watches live as long as one job waits: a worker has at
//! most a few for each of its slots, however many stores there are.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Namespace, Pod};
use kube::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::{WatchStreamExt as _, watcher};
use serde::de::DeserializeOwned;
use shared::wait::pause;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;

/// Changes that come in a burst are one reason to look, not many.
const SETTLE: Duration = Duration::from_millis(50);

/// Wakes whoever waits for a store. Dropping it ends its watches.
#[derive(Debug)]
pub struct Wake {
    changed: Arc<Notify>,
    _watches: JoinSet<()>,
}

impl Wake {
    /// On a change of any pod, workload or job of a namespace, and on a warning: the
    /// refusal of a set's or a job's pod stands nowhere else.
    #[must_use]
    pub fn on_workloads(cluster: &Cluster, namespace: &str) -> Self {
        let mut wake = Self::silent();
        let any = watcher::Config::default();
        let client = cluster.watches();
        let of = |client: &kube::Client| client.clone();
        wake.watch::<Pod>(Api::namespaced(of(&client), namespace), any.clone());
        wake.watch::<Deployment>(Api::namespaced(of(&client), namespace), any.clone());
        wake.watch::<StatefulSet>(Api::namespaced(of(&client), namespace), any.clone());
        wake.watch::<Job>(Api::namespaced(of(&client), namespace), any.clone());
        let warnings = any.fields("type=Warning");
        wake.watch::<Event>(Api::namespaced(client, namespace), warnings);
        wake
    }

    /// On a change of the namespace itself.
    #[must_use]
    pub fn on_namespace(cluster: &Cluster, name: &str) -> Self {
        let mut wake = Self::silent();
        let itself = watcher::Config::default().fields(&format!("metadata.name={name}"));
        wake.watch::<Namespace>(Api::all(cluster.watches()), itself);
        wake
    }

    fn silent() -> Self {
        Self {
            changed: Arc::new(Notify::new()),
            _watches: JoinSet::new(),
        }
    }

    fn watch<K>(&mut self, api: Api<PartialObjectMeta<K>>, config: watcher::Config)
    where
        K: kube::Resource<DynamicType = ()> + Clone + std::fmt::Debug + Send + Sync + 'static,
        PartialObjectMeta<K>: DeserializeOwned,
    {
        let changed = Arc::clone(&self.changed);
        self._watches.spawn(async move {
            let mut changes = std::pin::pin!(watcher(api, config).default_backoff());
            while changes.next().await.is_some() {
                changed.notify_one();
            }
        });
    }

    /// Wait for a change, at most that long, or until told to stop.
    pub async fn next(&self, at_most: Duration, stop: &CancellationToken) {
        tokio::select! {
            () = self.changed.notified() => { pause(SETTLE, stop).await; }
            _ = pause(at_most, stop) => {}
        }
    }
}
