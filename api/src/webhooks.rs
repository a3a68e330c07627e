//! Tells tenants by HTTP what happens to their stores, after Standard Webhooks
//! (https://www.standardwebhooks.com): scheduled in Postgres, signed, at least once.
//! Knows SQL and the way out, and nothing of the requests that come in.

pub mod address;
pub mod claim;
pub mod courier;
pub mod outcome;
pub mod rows;
pub mod schedule;
pub mod secret;
pub mod send;

use crate::settings::{Settings, WebhookSettings};
use crate::webhooks::address::Rules;
use crate::webhooks::secret::{NoKey, Vault};
use crate::webhooks::send::Sender;
use shared::settings::Environment;

/// The way out, and what keeps the secrets.
#[derive(Debug, Clone)]
pub struct Webhooks {
    pub sender: Sender,
    pub vault: Vault,
}

/// Webhooks cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum NoWebhooks {
    /// The secrets cannot be sealed.
    #[error(transparent)]
    Key(#[from] NoKey),
    /// TLS cannot be set up.
    #[error("no way out for webhooks: TLS cannot be set up")]
    Tls(#[from] reqwest::Error),
}

impl Webhooks {
    /// As the settings say.
    ///
    /// # Errors
    /// [`NoWebhooks`].
    pub fn of(settings: &Settings) -> Result<Self, NoWebhooks> {
        let WebhookSettings {
            webhook_allow_loopback,
            webhook_secret_key,
            ..
        } = &settings.webhooks;
        let rules = Rules {
            http: settings.base.environment == Environment::Local,
            loopback: *webhook_allow_loopback,
        };
        Ok(Self {
            sender: Sender::new(rules)?,
            vault: Vault::of(webhook_secret_key)?,
        })
    }
}
