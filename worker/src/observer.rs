//! Health after Ready, by one observer among all workers. It watches all stores
//! with a constant number of watches, asks each shop once a minute, and says what
//! it sees. It changes nothing in the cluster but its own Lease, and removes
//! tombstones whose time has passed.
//!
//! ```text
//! election ─▶ shift: watches ─▶ picture ─▶ examine ─┐
//!                    rounds  ─▶ shops   ─▶ crowd  ──┴▶ standing ─▶ announce
//! ```

pub mod announce;
pub mod crowd;
pub mod desk;
pub mod election;
pub mod examine;
pub mod facts;
pub mod follow;
pub mod inventory;
pub mod mirror;
pub mod picture;
pub mod rounds;
pub mod seat;
pub mod shift;
pub mod standing;
pub mod tombstones;
pub mod watches;

use std::sync::Arc;
use std::time::Duration;

use shared::wait::pause;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::lease::api::{Leases, Terms};
use crate::metrics::METRICS;
use crate::observer::election::Candidate;

/// After an end that nobody asked for.
const BREATH: Duration = Duration::from_secs(1);

/// Be a candidate, and observe whenever elected, until told to stop.
pub async fn run(context: Arc<Context>, stop: CancellationToken) {
    let settings = &context.settings;
    let terms = Terms {
        length: settings.observer_lease,
        renew: settings.observer_renew,
        helm: settings.observer_lease,
    };
    let namespace = settings.namespace.clone();
    let candidate = Candidate {
        leases: Leases::new(context.cluster.clone(), namespace, terms),
        holder: context.worker.clone(),
    };
    while let Some(mut tenure) = candidate.win(&stop).await {
        let term = tenure.term();
        tracing::info!(term, "this worker observes");
        let over = stop.child_token();
        let leases = candidate.leases.clone();
        let mut shift = tokio::spawn(shift::work(
            Arc::clone(&context),
            leases,
            term,
            over.clone(),
        ));
        let ended = tokio::select! {
            () = candidate.keep(&mut tenure, &stop) => None,
            ended = &mut shift => Some(ended),
        };
        over.cancel();
        let ended = match ended {
            Some(ended) => ended,
            None => shift.await,
        };
        if let Err(error) = ended {
            tracing::error!(%error, "the observer met a fault of its own");
        }
        METRICS.observes_no_more();
        tracing::info!(term, "this worker observes no more");
        candidate.leave(tenure).await;
        pause(BREATH, &stop).await;
    }
}
