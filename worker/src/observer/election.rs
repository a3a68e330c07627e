//! Which worker observes: the one that has the Lease `observer`. The others watch
//! that Lease, so waiting costs no requests, and one that is given back is taken
//! at once. Whose clock counts is said in `lease.rs`.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::runtime::{WatchStreamExt as _, watcher};
use shared::backoff::Backoff;
use shared::wait::pause;
use tokio_util::sync::CancellationToken;

use crate::cluster::ClusterError;
use crate::lease::api::Leases;
use crate::lease::record;
use crate::observer::seat;

/// After a holder's end, and so that not all ask at the same moment.
const MARGIN: Duration = Duration::from_millis(500);

/// A worker that would observe.
#[derive(Debug)]
pub struct Candidate {
    /// With the observer's own lengths.
    pub leases: Leases,
    /// This worker.
    pub holder: String,
}

/// The Lease, as long as it is ours.
#[derive(Debug)]
pub struct Tenure {
    lease: Lease,
    /// By our monotonic clock: after this it may be somebody else's.
    ends: Instant,
}

enum Asked {
    Won(Box<Tenure>),
    Held {
        remaining: Duration,
        renewed: Option<Timestamp>,
    },
}

impl Tenure {
    /// Greater than that of any observer before.
    #[must_use]
    pub fn term(&self) -> u64 {
        seat::term(&self.lease)
    }
}

impl Candidate {
    /// Wait until it is ours; `None` when told to stop.
    pub async fn win(&self, stop: &CancellationToken) -> Option<Tenure> {
        let client = self.leases.cluster.watches();
        let api: Api<Lease> = Api::namespaced(client, &self.leases.namespace);
        let itself = watcher::Config::default().fields(&format!("metadata.name={}", seat::NAME));
        let mut changes = std::pin::pin!(watcher(api, itself).default_backoff().applied_objects());
        let mut due = Instant::now();
        let mut known = None;
        let mut failures = 0;
        loop {
            let wait = due.saturating_duration_since(Instant::now());
            let seen = tokio::select! {
                biased;
                on = pause(wait, stop) => match on {
                    true => None,
                    false => return None,
                },
                // A broken watch mends itself; until then the time decides.
                Some(change) = changes.next() => match change {
                    Ok(lease) => Some(lease),
                    Err(_) => continue,
                },
            };
            if let Some(lease) = seen {
                if record::holder_of(&lease).is_none() {
                    due = Instant::now() + MARGIN.mul_f64(rand::random());
                } else if seat::renewed(&lease) != known {
                    known = seat::renewed(&lease);
                    due = Instant::now() + length_of(&lease) + margin();
                }
                continue;
            }
            due = Instant::now()
                + match self.ask().await {
                    Ok(Asked::Won(tenure)) => return Some(*tenure),
                    Ok(Asked::Held { remaining, renewed }) => {
                        (failures, known) = (0, renewed);
                        remaining + margin()
                    }
                    Err(error) => {
                        failures += 1;
                        if failures == 1 {
                            tracing::debug!(error = %error.detail(), "no answer about who observes");
                        }
                        Backoff::RECONNECT.jittered(failures)
                    }
                };
        }
    }

    async fn ask(&self) -> Result<Asked, ClusterError> {
        let leases = &self.leases;
        let (mut lease, now) = match leases.get(seat::NAME).await {
            Err(ClusterError::NotFound(_)) => (seat::blank(), leases.clock.ahead()),
            found => found?,
        };
        if let Some(remaining) = seat::remaining(&lease, now) {
            let renewed = seat::renewed(&lease);
            return Ok(Asked::Held { remaining, renewed });
        }
        let length = leases.terms.length;
        seat::take(&mut lease, &self.holder, length, leases.clock.ahead());
        let sent = Instant::now();
        Ok(match leases.put(&lease).await? {
            Some(lease) => Asked::Won(Box::new(Tenure {
                lease,
                ends: sent + length,
            })),
            None => Asked::Held {
                remaining: Duration::ZERO,
                renewed: None,
            },
        })
    }

    /// Renew it until it is lost or the token is cancelled.
    pub async fn keep(&self, tenure: &mut Tenure, stop: &CancellationToken) {
        let mut due = Instant::now() + self.leases.terms.renew;
        loop {
            let wait = due.min(tenure.ends);
            if !pause(wait.saturating_duration_since(Instant::now()), stop).await {
                return;
            }
            let ends = tenure.ends;
            let after = match tokio::time::timeout_at(ends.into(), self.renew(tenure)).await {
                Ok(Ok(true)) => self.leases.terms.renew,
                Ok(Err(error)) => {
                    tracing::warn!(error = %error.detail(), "the observer's lease was not renewed");
                    Duration::from_secs(1).min(self.leases.terms.renew)
                }
                Ok(Ok(false)) | Err(_) => return,
            };
            due = Instant::now() + after;
        }
    }

    /// `false`: somebody else has it.
    async fn renew(&self, tenure: &mut Tenure) -> Result<bool, ClusterError> {
        let leases = &self.leases;
        loop {
            let mut next = tenure.lease.clone();
            record::renew(&mut next, leases.terms.length, leases.clock.ahead());
            let sent = Instant::now();
            if let Some(lease) = leases.put(&next).await? {
                tenure.lease = lease;
                tenure.ends = sent + leases.terms.length;
                return Ok(true);
            }
            if !self.reread(tenure).await? {
                return Ok(false);
            }
        }
    }

    /// Somebody wrote it; `false` if it is no longer ours.
    async fn reread(&self, tenure: &mut Tenure) -> Result<bool, ClusterError> {
        match self.leases.get(seat::NAME).await {
            Ok((lease, _)) => tenure.lease = lease,
            Err(ClusterError::NotFound(_)) => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(record::holder_of(&tenure.lease) == Some(&self.holder))
    }

    /// Give it back, so that another takes it at once. If the cluster is away it
    /// ends by itself.
    pub async fn leave(&self, mut tenure: Tenure) {
        loop {
            let mut next = tenure.lease.clone();
            record::let_go(&mut next);
            let left = match self.leases.put(&next).await {
                Ok(Some(_)) => Ok(false),
                Ok(None) => self.reread(&mut tenure).await,
                Err(error) => Err(error),
            };
            match left {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::debug!(error = %error.detail(), "the observer's lease ends by itself");
                    return;
                }
            }
        }
    }
}

fn length_of(lease: &Lease) -> Duration {
    let seconds = lease.spec.as_ref().and_then(|s| s.lease_duration_seconds);
    Duration::from_secs(seconds.and_then(|s| s.try_into().ok()).unwrap_or(0))
}

fn margin() -> Duration {
    MARGIN.mul_f64(1.0 + rand::random::<f64>())
}
