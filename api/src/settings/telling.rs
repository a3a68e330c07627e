//! What can be set about those who are told what happens: streams and webhooks.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use shared::backoff::Backoff;

/// Those who are told by HTTP: where they may be, and how often they are tried.
#[derive(Debug, Clone, Deserialize)]
pub struct WebhookSettings {
    /// Webhooks may point to this machine itself.
    pub webhook_allow_loopback: bool,
    /// Tries of a message at most.
    pub webhook_max_tries: i32,
    /// Bound of the first pause between tries.
    pub webhook_retry_base_ms: u64,
    /// Bound of every pause.
    pub webhook_retry_max_ms: u64,
    /// A webhook that takes nothing for so long is disabled.
    pub webhook_disable_after_seconds: i64,
    /// Seals secrets in the database: 32 bytes in base64.
    pub webhook_secret_key: SecretString,
}

impl WebhookSettings {
    /// Pauses between tries.
    #[must_use]
    pub fn retry(&self) -> Backoff {
        Backoff {
            base: Duration::from_millis(self.webhook_retry_base_ms),
            max: Duration::from_millis(self.webhook_retry_max_ms),
        }
    }
}

/// Those who watch: how many at once, and how long.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamSettings {
    /// Streams in this process at most.
    pub stream_max: usize,
    /// Streams of one caller at most.
    pub stream_max_per_caller: usize,
    /// A sign of life after so much silence.
    pub stream_heartbeat_ms: u64,
    /// Who takes nothing for so long is let go.
    pub stream_stall_seconds: u64,
    /// A stream's length; its client comes back and shows again who it is.
    pub stream_max_age_seconds: u64,
}
