//! A store that we hold: renewed in the background, watched for a newer intent,
//! and given back at the end. When it is lost its token is cancelled, and the job
//! stops before its next effect.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use k8s_openapi::api::coordination::v1::Lease;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, ResourceExt as _};
use shared::contract::event::EventBody;
use shared::fault;
use shared::ids::Generation;
use shared::wait::pause;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cluster::ClusterError;
use crate::helm::Leash;
use crate::lease::api::Leases;
use crate::lease::record::{self, Asked, Settled};
use crate::metrics::METRICS;

/// Why a store is no longer ours to work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// A newer intent is wanted.
    Newer(Generation),
    /// Somebody else holds it.
    Taken,
    /// It could not be renewed in time.
    Expired,
}

/// A store that we hold. Dropping it without [`Holding::release`] leaves the
/// Lease to end by itself.
#[derive(Debug)]
pub struct Holding {
    inner: Arc<Inner>,
    turn: u32,
    renewals: JoinHandle<()>,
}

#[derive(Debug)]
struct Inner {
    leases: Leases,
    name: String,
    holder: String,
    asked: Asked,
    state: Mutex<State>,
    /// By our monotonic clock: after this the store is not ours.
    ends: watch::Sender<Instant>,
    lost: CancellationToken,
    loss: OnceLock<Loss>,
}

#[derive(Debug)]
struct State {
    lease: Lease,
    /// So much longer than our own end does the Lease hold.
    beyond: Duration,
}

impl Holding {
    pub(crate) fn start(
        leases: Leases,
        lease: Lease,
        holder: &str,
        (asked, turn): (Asked, u32),
        sent: Instant,
    ) -> Self {
        let ends = sent + leases.terms.length;
        let inner = Arc::new(Inner {
            leases,
            name: lease.name_any(),
            holder: holder.to_owned(),
            asked,
            state: Mutex::new(State {
                lease,
                beyond: Duration::ZERO,
            }),
            ends: watch::Sender::new(ends),
            lost: CancellationToken::new(),
            loss: OnceLock::new(),
        });
        let renewals = tokio::spawn(keep(Arc::clone(&inner)));
        Self {
            inner,
            turn,
            renewals,
        }
    }

    /// How often the same try held the store before us.
    #[must_use]
    pub fn turn(&self) -> u32 {
        self.turn
    }

    /// Cancelled when the store is no longer ours.
    #[must_use]
    pub fn lost(&self) -> &CancellationToken {
        &self.inner.lost
    }

    /// Why it is no longer ours, if so. Asks the clock: who was halted learns here
    /// that time has passed.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        self.inner.look_at_the_clock();
        self.inner.loss.get().copied()
    }

    /// Let nobody else have it while helm might live: from our own end on, its
    /// guard needs some time to end it.
    ///
    /// # Errors
    /// [`ClusterError`]; then helm must not be started.
    pub async fn for_helm(&self) -> Result<(), ClusterError> {
        let beyond = self.inner.leases.terms.helm;
        self.inner.write(Some(beyond), |_| {}).await
    }

    /// How long helm may run: while the store is ours.
    #[must_use]
    pub fn leash(&self) -> Leash {
        Leash {
            lost: self.inner.lost.clone(),
            ends: self.inner.ends.subscribe(),
        }
    }

    /// helm is over: it may be somebody else's from our own end on.
    pub async fn after_helm(&self) {
        // If that fails the longer time stands, which is only slower.
        if let Err(error) = self.inner.write(Some(Duration::ZERO), |_| {}).await {
            tracing::debug!(error = %error.detail(), "the lease stays long");
        }
    }

    /// Note the outcome of the try, before it is said.
    ///
    /// # Errors
    /// [`ClusterError`]; if the store was lost meanwhile [`Self::loss`] says why.
    pub async fn settle(
        &self,
        attempt: u32,
        outcome: &EventBody,
        tombstone: Option<time::OffsetDateTime>,
    ) -> Result<(), ClusterError> {
        let settled = Settled {
            generation: self.inner.asked.generation,
            attempt,
            outcome: outcome.clone(),
            operation: Some(self.inner.asked.operation),
        };
        let change = |lease: &mut Lease| {
            if let Err(error) = record::settle(lease, &settled) {
                tracing::error!(%error, "an outcome is not JSON");
            }
            if let Some(until) = tombstone {
                record::bury(lease, until);
            }
        };
        self.inner.write(None, change).await
    }

    /// Give it back. If the cluster is away it ends by itself.
    pub async fn release(self) {
        self.renewals.abort();
        fault::point("worker.lease.release.before");
        if let Err(error) = self.inner.let_go().await {
            tracing::debug!(error = %error.detail(), "the lease ends by itself");
        }
        fault::point("worker.lease.release.after");
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.renewals.abort();
    }
}

impl Inner {
    fn lose(&self, why: Loss) {
        if fault::without("fencing") {
            return;
        }
        if self.loss.set(why).is_ok() {
            METRICS.lost(match why {
                Loss::Newer(_) => "newer",
                Loss::Taken => "taken",
                Loss::Expired => "expired",
            });
            tracing::info!(?why, "the store is no longer ours to work on");
        }
        self.lost.cancel();
    }

    fn look_at_the_clock(&self) {
        if Instant::now() >= self.ends() {
            self.lose(Loss::Expired);
        }
    }

    /// Whether the Lease is still ours; tells the job if not. The clock is asked
    /// first: who was halted past its end is to ask for the store again, and finds
    /// there what came of it, whichever of its tasks wakes first.
    fn still_ours(&self, lease: &Lease) -> bool {
        self.look_at_the_clock();
        let newer = record::generation_of(lease).filter(|found| *found > self.asked.generation);
        if let Some(newer) = newer {
            self.lose(Loss::Newer(newer));
        } else if record::holder_of(lease) != Some(&self.holder) {
            self.lose(Loss::Taken);
        }
        !self.lost.is_cancelled()
    }

    /// Compare-and-set, as long as it is ours. Renews it, too.
    async fn write(
        &self,
        beyond: Option<Duration>,
        change: impl Fn(&mut Lease),
    ) -> Result<(), ClusterError> {
        let mut state = self.state.lock().await;
        let beyond = beyond.unwrap_or(state.beyond);
        let length = self.leases.terms.length;
        loop {
            if !self.still_ours(&state.lease) {
                return Err(lost_error());
            }
            let mut next = state.lease.clone();
            change(&mut next);
            record::renew(&mut next, length + beyond, self.leases.clock.ahead());
            let sent = Instant::now();
            match self.leases.put(&next).await? {
                Some(lease) => {
                    state.lease = lease;
                    state.beyond = beyond;
                    self.ends.send_replace(sent + length);
                    return Ok(());
                }
                None => state.lease = self.reread().await?,
            }
        }
    }

    async fn reread(&self) -> Result<Lease, ClusterError> {
        match self.leases.get(&self.name).await {
            Ok((lease, _)) => Ok(lease),
            Err(error @ ClusterError::NotFound(_)) => {
                self.lose(Loss::Taken);
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Also when a newer intent was seen: it waits for this.
    async fn let_go(&self) -> Result<(), ClusterError> {
        let mut state = self.state.lock().await;
        loop {
            if record::holder_of(&state.lease) != Some(&self.holder) {
                return Ok(());
            }
            let mut next = state.lease.clone();
            record::let_go(&mut next);
            match self.leases.put(&next).await? {
                Some(lease) => {
                    state.lease = lease;
                    return Ok(());
                }
                None => state.lease = self.reread().await?,
            }
        }
    }

    fn ends(&self) -> Instant {
        *self.ends.borrow()
    }
}

fn lost_error() -> ClusterError {
    let status = kube::core::Status {
        code: 409,
        message: "the store's lease was lost".to_owned(),
        ..Default::default()
    };
    kube::Error::Api(status.boxed()).into()
}

/// Renew and watch until it is lost.
async fn keep(inner: Arc<Inner>) {
    let client = inner.leases.cluster.watches();
    let api: Api<Lease> = Api::namespaced(client, &inner.leases.namespace);
    let itself = watcher::Config::default().fields(&format!("metadata.name={}", inner.name));
    let mut changes = std::pin::pin!(watcher(api, itself).default_backoff().applied_objects());
    let mut due = Instant::now() + inner.leases.terms.renew;
    while !inner.lost.is_cancelled() {
        let ends = inner.ends();
        if Instant::now() >= ends {
            inner.lose(Loss::Expired);
            return;
        }
        let wait = due.min(ends).saturating_duration_since(Instant::now());
        tokio::select! {
            _ = pause(wait, &inner.lost) => {
                if Instant::now() >= due {
                    due = Instant::now() + renew(&inner, ends).await;
                }
            }
            Some(change) = changes.next() => if let Ok(lease) = change {
                see(&inner, &lease).await;
            }
        }
    }
}

/// One renewal, cut off when the Lease ends; gives the time to the next.
async fn renew(inner: &Inner, ends: Instant) -> Duration {
    let renewal = inner.write(None, |_| {});
    match tokio::time::timeout_at(ends.into(), renewal).await {
        Ok(Ok(())) => inner.leases.terms.renew,
        Ok(Err(error)) => {
            tracing::warn!(error = %error.detail(), "the lease was not renewed");
            Duration::from_secs(1).min(inner.leases.terms.renew)
        }
        Err(_) => Duration::ZERO,
    }
}

/// A change seen by the watch. A write of our own that is under way comes back
/// here too, so an older picture must not count.
async fn see(inner: &Inner, lease: &Lease) {
    let known = inner.state.lock().await.lease.resource_version();
    let newer = |version: Option<String>| version.and_then(|v| v.parse::<u64>().ok());
    if newer(lease.resource_version()) >= newer(known) {
        inner.still_ours(lease);
    }
}
