//! What a route may touch.

use std::sync::Arc;

use shared::amqp::Asker;

use crate::access::oidc::Oidc;
use crate::audit::sign::Signer;
use crate::db::Database;
use crate::http::kept::KeptAnswers;
use crate::http::peer::Trusted;
use crate::http::rates::Rates;
use crate::pulse::Pulse;
use crate::settings::Settings;
use crate::stream::feed::Feed;
use crate::stream::seats::Seats;
use crate::webhooks::Webhooks;

/// Shared by all routes.
#[derive(Debug, Clone)]
pub struct AppState {
    pub db: Database,
    pub settings: Settings,
    pub pulse: Pulse,
    pub signer: Signer,
    /// Of login links; none without a key for them.
    pub logins: Option<Signer>,
    /// Checks tokens; none without an issuer.
    pub oidc: Option<Oidc>,
    /// Of principals.
    pub rates: Rates,
    pub feed: Feed,
    pub seats: Seats,
    pub webhooks: Webhooks,
    /// Asks the cluster, by way of a worker.
    pub asker: Arc<Asker>,
    /// Of addresses, where there is no principal.
    pub strangers: Rates,
    pub trusted: Trusted,
    /// About stores that nothing happens to.
    pub kept: KeptAnswers,
}
