//! Leases in the cluster: reading with the apiserver's time, compare-and-set,
//! acquiring for a command, and raising a store's generation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::jiff::Timestamp;
use kube::api::{GetParams, PostParams};
use kube::client::Body;
use kube::core::Request;
use kube::{Resource as _, ResourceExt as _};
use shared::contract::envelope::Envelope;
use shared::fault;
use shared::ids::{Generation, StoreId};

use crate::cluster::labels::{MANAGED_BY, MANAGER, PART_OF, PART_OF_LABEL};
use crate::cluster::{Cluster, ClusterError};
use crate::lease::clock::ServerClock;
use crate::lease::holding::Holding;
use crate::lease::record::{self, Asked, Claim, Settled};
use crate::metrics::METRICS;

/// How long leases hold and how often they are renewed.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Without renewal.
    pub length: Duration,
    /// Between renewals.
    pub renew: Duration,
    /// Beyond a holder's own end, while helm might live: its guard's time to end it.
    pub helm: Duration,
}

/// All Leases of the platform's namespace.
#[derive(Debug, Clone)]
pub struct Leases {
    pub(crate) cluster: Cluster,
    pub(crate) namespace: String,
    pub(crate) terms: Terms,
    pub(crate) clock: Arc<ServerClock>,
}

/// What came of trying to get a store.
#[derive(Debug)]
pub enum Acquired {
    /// It is ours.
    Held(Holding),
    /// The try has ended before.
    Settled(Settled),
    /// A newer intent was seen.
    Newer(Generation),
    /// Somebody else has it.
    Busy {
        /// Until the Lease ends by itself.
        remaining: Duration,
        /// Whether the command is newer than what the holder works on; the
        /// holder knows by now and stops.
        supersedes: bool,
    },
}

/// Try to get the store that a command is for.
///
/// *Effect:* on success the Lease names `holder` and at least the command's
/// generation. *Repeating it:* with another holder, as a redelivery does.
///
/// # Errors
/// [`ClusterError`], when nothing can be said.
pub async fn acquire<T>(
    leases: &Leases,
    command: &Envelope<T>,
    holder: &str,
) -> Result<Acquired, ClusterError> {
    let (store, generation) = (command.store_id.as_str(), command.generation);
    let asked = Asked {
        generation,
        attempt: command.attempt,
        operation: command.operation_id,
    };
    loop {
        let (mut lease, now) = leases.get_or_blank(store).await?;
        match record::claim(&lease, asked, now) {
            Claim::Settled(settled) => {
                METRICS.claimed("settled");
                return Ok(Acquired::Settled(settled));
            }
            Claim::Newer(newer) => {
                METRICS.claimed("newer");
                return Ok(Acquired::Newer(newer));
            }
            Claim::Busy {
                remaining,
                supersedes,
            } => {
                METRICS.claimed("busy");
                if supersedes {
                    raise(leases, &command.store_id, generation).await?;
                }
                return Ok(Acquired::Busy {
                    remaining,
                    supersedes,
                });
            }
            Claim::Free => {}
        }
        record::raise(&mut lease, generation);
        let turn = record::take(
            &mut lease,
            holder,
            command.attempt,
            leases.terms.length,
            leases.clock.ahead(),
        );
        let sent = Instant::now();
        fault::point("worker.lease.acquire.before");
        if let Some(lease) = leases.put(&lease).await? {
            fault::point("worker.lease.acquire.after");
            METRICS.claimed(if turn == 0 { "held" } else { "takeover" });
            let holding = Holding::start(leases.clone(), lease, holder, (asked, turn), sent);
            return Ok(Acquired::Held(holding));
        }
    }
}

/// Note that a generation is wanted; whoever holds the store for an older one
/// sees it and stops. *Repeating it:* changes nothing.
///
/// # Errors
/// [`ClusterError`].
pub async fn raise(
    leases: &Leases,
    store: &StoreId,
    generation: Generation,
) -> Result<(), ClusterError> {
    loop {
        let (mut lease, _) = leases.get_or_blank(store.as_str()).await?;
        if record::generation_of(&lease) >= Some(generation) {
            return Ok(());
        }
        record::raise(&mut lease, generation);
        if leases.put(&lease).await?.is_some() {
            return Ok(());
        }
    }
}

impl Leases {
    /// The Leases of that namespace of the platform.
    #[must_use]
    pub fn new(cluster: Cluster, namespace: String, terms: Terms) -> Self {
        Self {
            cluster,
            namespace,
            terms,
            clock: Arc::default(),
        }
    }

    /// The Lease of that name, with a time that had come on the apiserver.
    pub(crate) async fn get(&self, name: &str) -> Result<(Lease, Timestamp), ClusterError> {
        let request = self.requests().get(name, &GetParams::default());
        self.ask(request).await
    }

    async fn get_or_blank(&self, name: &str) -> Result<(Lease, Timestamp), ClusterError> {
        match self.get(name).await {
            Err(ClusterError::NotFound(_)) => Ok((record::blank(name), self.clock.ahead())),
            other => other,
        }
    }

    /// Create or replace; `None` if somebody else was faster.
    pub(crate) async fn put(&self, lease: &Lease) -> Result<Option<Lease>, ClusterError> {
        let body = serde_json::to_vec(lease).map_err(kube::Error::SerdeError)?;
        let params = PostParams::default();
        let request = match lease.resource_version() {
            Some(_) => self.requests().replace(&lease.name_any(), &params, body),
            None => self.requests().create(&params, body),
        };
        match self.ask(request).await {
            Ok((lease, _)) => Ok(Some(lease)),
            Err(ClusterError::Conflict(_)) => Ok(None),
            // Creating in a namespace that is not there yet.
            Err(ClusterError::NotFound(_)) if lease.resource_version().is_none() => {
                self.make_namespace().await?;
                Ok(None)
            }
            Err(ClusterError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One request, and what its answer's `Date` says.
    async fn ask(
        &self,
        request: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
    ) -> Result<(Lease, Timestamp), ClusterError> {
        let request = request.map_err(kube::Error::BuildRequest)?;
        let client = self.cluster.requests();
        let answer = client.send(request.map(Body::from)).await?;
        let date = answer.headers().get("date").and_then(|d| d.to_str().ok());
        let now = self.clock.learn(date);
        let status = answer.status();
        let bytes = answer.into_body().collect_bytes().await?;
        if status.is_success() {
            let lease = serde_json::from_slice(&bytes).map_err(kube::Error::SerdeError)?;
            // Without the header, our own clock has to do.
            return Ok((lease, now.unwrap_or_else(Timestamp::now)));
        }
        let mut refusal: kube::core::Status = serde_json::from_slice(&bytes).unwrap_or_default();
        refusal.code = status.as_u16();
        Err(kube::Error::Api(refusal.boxed()).into())
    }

    fn requests(&self) -> Request {
        Request::new(Lease::url_path(&(), Some(&self.namespace)))
    }

    async fn make_namespace(&self) -> Result<(), ClusterError> {
        let mut namespace = Namespace::default();
        namespace.metadata.name = Some(self.namespace.clone());
        namespace.labels_mut().extend([
            (MANAGED_BY.to_owned(), MANAGER.to_owned()),
            (PART_OF_LABEL.to_owned(), PART_OF.to_owned()),
        ]);
        let api = self.cluster.all::<Namespace>();
        match api.create(&PostParams::default(), &namespace).await {
            Err(error) => match ClusterError::from(error) {
                // Another worker made it in between.
                ClusterError::Conflict(_) => Ok(()),
                other => Err(other),
            },
            Ok(_) => Ok(()),
        }
    }
}
