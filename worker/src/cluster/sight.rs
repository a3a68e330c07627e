//! A store's workloads and pods as watches tell of them, for as long as one job waits
//! for them: a look at these lists nothing. They may be a moment old, so
//! they tell that there is nothing to do yet, and never that something is done.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt as _;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::Api;
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, Config};
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::cluster::Cluster;
use crate::cluster::diagnose::Facts;
use crate::cluster::watched::watched;
use crate::cluster::workloads::{self, Workloads};

/// What a job sees while it waits. Dropping it ends its watches.
#[derive(Debug)]
pub struct Sight {
    stateful_sets: Store<StatefulSet>,
    jobs: Store<Job>,
    deployments: Store<Deployment>,
    pods: Store<Pod>,
    events: Store<Event>,
    /// Watches that have not told all, or broke and have not told of anything since.
    silent: Arc<AtomicUsize>,
    _watches: JoinSet<()>,
}

impl Sight {
    /// Of a store, as it is from now on. Changes are told; of events only a warning,
    /// for the refusal of a set's or a job's pod stands nowhere else.
    #[must_use]
    pub fn of(cluster: &Cluster, store: &str, changed: &Arc<Notify>) -> Self {
        let ours = Config::default().labels(&workloads::of_release(store));
        let serving = Config::default().labels(&workloads::serving());
        let mut begin = Begin {
            cluster,
            store,
            changed,
            silent: Arc::default(),
            watches: JoinSet::new(),
        };
        Self {
            stateful_sets: begin.watch(ours.clone(), |_| true),
            jobs: begin.watch(ours.clone(), |_| true),
            deployments: begin.watch(ours, |_| true),
            pods: begin.watch(serving, |_| true),
            events: begin.watch(Config::default(), is_warning),
            silent: begin.silent,
            _watches: begin.watches,
        }
    }

    /// All that is seen but claims; `None` until all was told, and where a watch broke
    /// until it tells of something again.
    #[must_use]
    pub fn facts(&self) -> Option<Facts> {
        self.is_clear().then(|| Facts {
            workloads: Workloads {
                stateful_sets: all(&self.stateful_sets),
                jobs: all(&self.jobs),
                deployments: all(&self.deployments),
            },
            pods: all(&self.pods),
            claims: Vec::new(),
            events: all(&self.events),
        })
    }

    /// Whether there is something to be seen.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.silent.load(Ordering::Acquire) == 0
    }
}

fn is_warning(event: &Event) -> bool {
    event.type_.as_deref() == Some("Warning")
}

fn all<K>(store: &Store<K>) -> Vec<K>
where
    K: kube::Resource<DynamicType = ()> + Clone + 'static,
{
    store.state().iter().map(|one| K::clone(one)).collect()
}

/// Where to watch, and whom to tell.
struct Begin<'a> {
    cluster: &'a Cluster,
    store: &'a str,
    changed: &'a Arc<Notify>,
    silent: Arc<AtomicUsize>,
    watches: JoinSet<()>,
}

impl Begin<'_> {
    fn watch<K>(&mut self, which: Config, matters: fn(&K) -> bool) -> Store<K>
    where
        K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + Debug
            + DeserializeOwned
            + Send
            + Sync
            + 'static,
    {
        let (store, mut writer) = reflector::store();
        let api = Api::<K>::namespaced(self.cluster.watches(), self.store);
        let (changed, silent) = (Arc::clone(self.changed), Arc::clone(&self.silent));
        silent.fetch_add(1, Ordering::AcqRel);
        self.watches.spawn(async move {
            let mut speaks = false;
            let mut changes = std::pin::pin!(watched(api, which));
            while let Some(change) = changes.next().await {
                if let Ok(change) = &change {
                    writer.apply_watcher_event(change);
                }
                let spoke = speaks;
                speaks = still_speaks(&change, spoke);
                match (spoke, speaks) {
                    (false, true) => silent.fetch_sub(1, Ordering::AcqRel),
                    (true, false) => silent.fetch_add(1, Ordering::AcqRel),
                    (true, true) | (false, false) => 0,
                };
                let look = match &change {
                    Ok(watcher::Event::Apply(one) | watcher::Event::Delete(one)) => matters(one),
                    // The last of all first pictures.
                    Ok(watcher::Event::InitDone) => silent.load(Ordering::Acquire) == 0,
                    Ok(watcher::Event::Init | watcher::Event::InitApply(_)) | Err(_) => false,
                };
                if look {
                    changed.notify_one();
                }
            }
        });
        store
    }
}

/// Whether what a watch told may be believed after this.
fn still_speaks<K>(change: &watcher::Result<watcher::Event<K>>, before: bool) -> bool {
    match change {
        Ok(watcher::Event::Apply(_) | watcher::Event::Delete(_) | watcher::Event::InitDone) => true,
        Ok(watcher::Event::Init | watcher::Event::InitApply(_)) => before,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_that_broke_is_believed_when_it_tells_of_something_again() {
        use watcher::Event::{Apply, Delete, Init, InitApply, InitDone};
        let broke = || Err(watcher::Error::NoResourceVersion);
        for (before, change, expected) in [
            (false, Ok(Init), false),
            (false, Ok(InitApply(())), false),
            (false, Ok(InitDone), true),
            (true, Ok(Apply(())), true),
            (true, broke(), false),
            (false, Ok(Delete(())), true),
            // All is told anew, and what was told before stays until then.
            (true, Ok(Init), true),
        ] {
            assert_eq!(
                still_speaks(&change, before),
                expected,
                "{before} {change:?}"
            );
        }
    }
}
