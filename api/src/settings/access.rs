//! Who may, and how much: logins, sessions, limits of requests.

use secrecy::SecretString;
use serde::Deserialize;

/// Who may, and how much.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AccessSettings {
    /// Whether anybody has to say who they are.
    pub login: Login,
    /// How long a session may lie idle.
    pub session_idle_seconds: i64,
    /// How long a session lasts at most.
    pub session_max_seconds: i64,
    /// Requests of one key in a second, lasting; 0 for any number.
    pub rate_limit_per_second: u32,
    /// Requests of one key at once.
    pub rate_limit_burst: u32,
    /// Requests of one address without a key that is accepted, in a second, lasting.
    pub stranger_limit_per_second: u32,
    /// The same at once.
    pub stranger_limit_burst: u32,
    /// Proxies whose `X-Forwarded-For` counts: addresses and networks, comma-separated.
    pub trusted_proxies: String,
    /// Seed of the Ed25519 key that signs exports of the audit: 32 bytes in base64.
    pub audit_signing_key: SecretString,
    /// Seed of the Ed25519 key that signs the links which let a store's owner in: 32
    /// bytes in base64. Without one there are no such links.
    pub login_signing_key: SecretString,
}

/// Whether anybody has to say who they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// Whoever is on this machine may do everything.
    Off,
    /// Nothing without a key.
    #[default]
    Required,
}
