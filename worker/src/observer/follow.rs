//! One shared watch: every object of a kind, for as long as somebody listens.
//! The first picture comes as a streaming list where the apiserver has that, and
//! page by page elsewhere, so memory does not grow with the cluster. It says when
//! it breaks and when it runs again, which `kube`'s own watcher does not.

use std::fmt::Debug;

use futures_util::StreamExt as _;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt as _};
use serde::de::DeserializeOwned;
use shared::backoff::Backoff;
use shared::wait::pause;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::observer::mirror::{Change, Key};

/// Objects in one page of a list.
const PAGE: u32 = 100;
/// On the last event of a streaming list.
/// Source: Kubernetes API concepts, "Streaming lists".
const LIST_ENDS: &str = "k8s.io/initial-events-end";

/// What to watch, how to read it, and whom to tell.
#[derive(Debug)]
pub struct Follow<K, T, S> {
    /// Where.
    pub api: Api<K>,
    /// Which, by label.
    pub labels: &'static str,
    /// What is kept of an object; `None`: it is none of ours.
    pub read: fn(&K) -> Option<T>,
    /// As the listener knows it.
    pub wrap: fn(Change<T>) -> S,
    /// The listener.
    pub out: mpsc::Sender<S>,
}

/// Why a watch came to its end.
#[derive(Debug)]
enum Ended {
    /// As watches do after some minutes: go on from where it was.
    Usual,
    /// What happened since is no longer known: all anew.
    TooOld,
    /// The apiserver has no streaming lists.
    NoStreams,
    /// It failed.
    Failed(String),
    /// Nobody listens any more.
    Unheard,
}

/// Where a watch is.
#[derive(Debug, Default)]
struct Place {
    /// The version from which to go on; without it all is told anew.
    version: Option<String>,
    /// Whether lists come in pages.
    paged: bool,
}

impl<K, T, S> Follow<K, T, S>
where
    K: kube::Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    /// Follow until nobody listens or the token is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = self.rounds(&stop) => {}
            () = stop.cancelled() => {}
        }
    }

    async fn rounds(&self, stop: &CancellationToken) {
        let mut place = Place::default();
        let mut failures = 0;
        loop {
            let ended = match self.round(&mut place).await {
                Ok(never) => match never {},
                Err(ended) => ended,
            };
            match ended {
                Ended::Unheard => return,
                Ended::Usual => failures = 0,
                Ended::TooOld => place.version = None,
                Ended::NoStreams => place.paged = true,
                Ended::Failed(error) => {
                    if failures == 0 {
                        let kind = std::any::type_name::<K>();
                        tracing::warn!(kind, error, "a watch broke");
                    }
                    failures += 1;
                    if self.tell(Change::Broke).await.is_err() {
                        return;
                    }
                }
            }
            pause(Backoff::RECONNECT.jittered(failures.max(1)), stop).await;
        }
    }

    async fn round(&self, place: &mut Place) -> Result<std::convert::Infallible, Ended> {
        let params = WatchParams::default().labels(self.labels);
        if place.version.is_none() {
            self.tell(Change::Begun).await?;
            if place.paged {
                place.version = Some(self.pages().await?);
                self.tell(Change::Told).await?;
            }
        }
        let (params, version) = match &place.version {
            Some(version) => (params, version.clone()),
            None => (params.initial_events(), String::new()),
        };
        let begun = self.api.watch(&params, &version).await;
        let changes = begun.map_err(|error| ended(&error, params.send_initial_events))?;
        self.tell(Change::Runs).await?;
        let mut changes = std::pin::pin!(changes);
        while let Some(change) = changes.next().await {
            match change.map_err(|error| ended(&error, false))? {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    self.advance(place, object.resource_version());
                    self.found(object).await?;
                }
                WatchEvent::Deleted(object) => {
                    self.advance(place, object.resource_version());
                    self.tell(Change::Gone(key(&object))).await?;
                }
                WatchEvent::Bookmark(bookmark) => {
                    let meta = bookmark.metadata;
                    if meta.annotations.get(LIST_ENDS).is_some_and(|v| v == "true") {
                        self.tell(Change::Told).await?;
                        place.version = Some(meta.resource_version);
                    } else {
                        self.advance(place, Some(meta.resource_version));
                    }
                }
                WatchEvent::Error(status) => {
                    let streams = params.send_initial_events && place.version.is_none();
                    return Err(ended(&kube::Error::Api(status), streams));
                }
            }
        }
        Err(Ended::Usual)
    }

    /// Only after the first picture is there a place to go on from.
    fn advance(&self, place: &mut Place, version: Option<String>) {
        if place.version.is_some() && version.is_some() {
            place.version = version;
        }
    }

    /// All objects, page by page; gives the version of the list.
    async fn pages(&self) -> Result<String, Ended> {
        let mut params = ListParams::default().labels(self.labels).limit(PAGE);
        loop {
            let page = self.api.list(&params).await;
            let page = page.map_err(|error| ended(&error, false))?;
            for object in page.items {
                self.found(object).await?;
            }
            let version = page.metadata.resource_version.unwrap_or_default();
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params.continue_token = Some(token),
                None => return Ok(version),
            }
        }
    }

    async fn found(&self, object: K) -> Result<(), Ended> {
        let key = key(&object);
        match (self.read)(&object) {
            Some(facts) => self.tell(Change::Found(key, facts)).await,
            None => self.tell(Change::Gone(key)).await,
        }
    }

    async fn tell(&self, change: Change<T>) -> Result<(), Ended> {
        let told = self.out.send((self.wrap)(change)).await;
        told.map_err(|_| Ended::Unheard)
    }
}

fn key<K: kube::Resource>(object: &K) -> Key {
    let name = object.meta().name.clone().unwrap_or_default();
    let namespace = object.meta().namespace.clone();
    (namespace.unwrap_or_else(|| name.clone()), name)
}

/// What follows from an error. A server without streaming lists calls the
/// request invalid.
fn ended(error: &kube::Error, streams: bool) -> Ended {
    match error {
        kube::Error::Api(status) if status.code == 410 => Ended::TooOld,
        kube::Error::Api(status) if streams && matches!(status.code, 400 | 422) => Ended::NoStreams,
        kube::Error::Api(status) => Ended::Failed(status.message.clone()),
        other => Ended::Failed(shared::telemetry::chain(other)),
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn every_error_has_its_consequence() {
        for (code, streams, expected) in [
            (410, false, "TooOld"),
            (410, true, "TooOld"),
            (422, true, "NoStreams"),
            (400, true, "NoStreams"),
            (422, false, "Failed"),
            (500, true, "Failed"),
            (403, true, "Failed"),
        ] {
            let status = Status {
                code,
                ..Default::default()
            };
            let found = format!("{:?}", ended(&kube::Error::Api(status.boxed()), streams));
            assert!(found.starts_with(expected), "{code} {streams}: {found}");
        }
    }
}
