//! Something changed, so look: a missed change costs one look later and never
//! correctness. Watches live as long as one job waits: a worker has at most a few for
//! each of its slots, however many stores there are.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::{WatchStreamExt as _, watcher};
use shared::wait::pause;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;
use crate::cluster::diagnose::Facts;
use crate::cluster::sight::Sight;

/// Changes that come in a burst are one reason to look, not many: where looking costs
/// the apiserver something, and where it does not.
const SETTLE: Duration = Duration::from_millis(50);
const BLINK: Duration = Duration::from_millis(5);

/// Wakes whoever waits for a store. Dropping it ends its watches.
#[derive(Debug)]
pub struct Wake {
    changed: Arc<Notify>,
    sight: Option<Sight>,
    _watches: JoinSet<()>,
}

impl Wake {
    /// On a change of any pod, workload or job of a store, and on a warning.
    #[must_use]
    pub fn on_workloads(cluster: &Cluster, store: &str) -> Self {
        let changed = Arc::new(Notify::new());
        Self {
            sight: Some(Sight::of(cluster, store, &changed)),
            changed,
            _watches: JoinSet::new(),
        }
    }

    /// On a change of the namespace itself.
    #[must_use]
    pub fn on_namespace(cluster: &Cluster, name: &str) -> Self {
        let changed = Arc::new(Notify::new());
        let itself = watcher::Config::default().fields(&format!("metadata.name={name}"));
        let api = Api::<PartialObjectMeta<Namespace>>::all(cluster.watches());
        let mut watches = JoinSet::new();
        let told = Arc::clone(&changed);
        watches.spawn(async move {
            let mut changes = std::pin::pin!(watcher(api, itself).default_backoff());
            while changes.next().await.is_some() {
                told.notify_one();
            }
        });
        Self {
            changed,
            sight: None,
            _watches: watches,
        }
    }

    /// What the watches tell of, where that is all a look would find; see [`Sight::facts`].
    #[must_use]
    pub fn facts(&self) -> Option<Facts> {
        self.sight.as_ref().and_then(Sight::facts)
    }

    /// The same, once all was told; `None` if that takes longer.
    pub async fn first_facts(&self, at_most: Duration) -> Option<Facts> {
        let told = async {
            loop {
                if let Some(facts) = self.facts() {
                    return facts;
                }
                self.changed.notified().await;
            }
        };
        timeout(at_most, told).await.ok()
    }

    /// Wait for a change, at most that long, or until told to stop; whether there was one.
    pub async fn next(&self, at_most: Duration, stop: &CancellationToken) -> bool {
        tokio::select! {
            () = self.changed.notified() => {
                let is_clear = self.sight.as_ref().is_some_and(Sight::is_clear);
                pause(if is_clear { BLINK } else { SETTLE }, stop).await;
                true
            }
            _ = pause(at_most, stop) => false,
        }
    }
}
