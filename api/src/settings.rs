//! What the api can be told (`api/settings/default.toml` documents each).

mod access;
pub mod help;
mod oidc;
mod span;
pub mod telling;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use shared::backoff::Backoff;
use shared::ids::StoreId;
use shared::settings::{Defaults, Environment, SettingsError};
use shared::telemetry::LogFormat;
use shared::telemetry::export::Collector;

pub use crate::settings::access::{AccessSettings, Login};
pub use crate::settings::oidc::{OidcSettings, Unusable};
pub use crate::settings::telling::{StreamSettings, WebhookSettings};

/// Embedded files.
pub const DEFAULTS: Defaults = Defaults {
    base: include_str!("../settings/default.toml"),
    local: include_str!("../settings/local.toml"),
    prod: include_str!("../settings/prod.toml"),
};

/// As traces and metrics name this program.
pub const PROGRAM: &str = "urumi-api";
/// Of this build.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Everything.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The program and its servers.
    pub base: BaseSettings,
    /// The HTTP side.
    pub http: HttpSettings,
    /// Where stores are found.
    pub stores: StoreSettings,
    /// Times and numbers of the engine.
    pub engine: EngineSettings,
    /// Bounds of adopt and purge.
    pub reconciliation: ReconciliationSettings,
    /// Who may.
    pub access: AccessSettings,
    /// Whose tokens are believed.
    pub oidc: OidcSettings,
    /// Those who watch.
    pub stream: StreamSettings,
    /// Those who are told by HTTP.
    pub webhooks: WebhookSettings,
    /// Where traces go.
    pub collector: Collector,
}

/// Bounds of adopt and purge: how far one call may reach, and on what ground.
#[derive(Debug, Clone, Deserialize)]
pub struct ReconciliationSettings {
    /// Age of an inventory at most.
    pub reconciliation_max_age_seconds: i64,
    /// Stores in one call at most.
    pub reconciliation_max_stores: usize,
    /// Share of all stores in one call at most; one is always allowed.
    pub reconciliation_max_share_percent: usize,
}

/// The program and its servers.
#[derive(Debug, Clone, Deserialize)]
pub struct BaseSettings {
    /// `local` or `prod`.
    pub environment: Environment,
    /// Postgres.
    pub database_url: SecretString,
    /// RabbitMQ.
    pub amqp_url: SecretString,
    /// Log filter.
    pub log: String,
    /// Log form.
    pub log_format: LogFormat,
    /// `URUMI_INSTALLATION`, as the workers have it: whose cluster is meant where
    /// several share a broker.
    pub installation: String,
    /// Connections to Postgres at most.
    pub database_connections: u32,
    /// Who makes the tables.
    pub migrations: Migrations,
}

/// Who makes the tables of a program that serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Migrations {
    /// It does, at its start.
    Run,
    /// Whoever runs `urumi-api migrate`; it waits for them.
    Await,
}

/// The HTTP side.
#[derive(Debug, Clone, Deserialize)]
pub struct HttpSettings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// The port is published on a loopback address only.
    pub published_on_loopback: bool,
    /// More host names that requests may name, comma-separated.
    pub allowed_hosts: String,
    /// Folder of the dashboard, served at `/` when set.
    pub dashboard_dir: Option<PathBuf>,
    /// How long a request's body may take to arrive.
    pub body_timeout_ms: u64,
    /// How long the cluster may take to say what only it can say.
    pub cluster_timeout_ms: u64,
    /// Threads that answer.
    pub http_workers: usize,
    /// Address that tells Prometheus' numbers, and nothing else; `off` for none.
    #[serde(deserialize_with = "address_or_off")]
    pub metrics_listen: Option<SocketAddr>,
}

fn address_or_off<'de, D: Deserializer<'de>>(text: D) -> Result<Option<SocketAddr>, D::Error> {
    match String::deserialize(text)?.as_str() {
        "off" => Ok(None),
        address => address.parse().map(Some).map_err(|_| {
            serde::de::Error::custom(format!("`{address}` is neither address:port nor `off`"))
        }),
    }
}

/// Where stores are found.
#[derive(Debug, Clone, Deserialize)]
pub struct StoreSettings {
    /// Host = id + `.` + this.
    pub store_domain: String,
    /// Address of the front page; `{host}` stands for the host.
    pub store_url: String,
    /// Owner's address where none is given.
    pub default_admin_email: String,
}

/// Times and numbers of the engine.
#[derive(Debug, Clone, Deserialize)]
pub struct EngineSettings {
    /// Commands unsettled in the broker at most.
    pub commands_in_flight: i64,
    /// Silence after which a command is sent again.
    pub redispatch_after_seconds: u64,
    /// From the first step to giving up.
    pub operation_deadline_seconds: u64,
    /// Added before the api gives up by itself.
    pub deadline_grace_seconds: u64,
    /// From the request to giving up when no worker begins.
    pub operation_start_within_seconds: u64,
    /// Tries that changed something.
    pub operation_max_attempts: u32,
    /// How long a delete of a store that served can be undone; none for not at all.
    #[serde(deserialize_with = "span::deserialize")]
    pub delete_grace: Duration,
    /// First pause between tries.
    pub retry_base_ms: u64,
    /// Longest pause between tries.
    pub retry_max_ms: u64,
    /// Stores of a tenant that has no limit of its own; 0 for any number.
    pub tenant_max_stores: i64,
    /// Open operations of such a tenant; 0 for any number.
    pub tenant_max_operations: i64,
    /// Public half of the key that signs login links; the server takes it from there.
    #[serde(skip)]
    pub login_key: Option<Box<str>>,
}

impl EngineSettings {
    /// Silence after which a command is sent again.
    #[must_use]
    pub fn redispatch_after(&self) -> Duration {
        Duration::from_secs(self.redispatch_after_seconds)
    }

    /// From the first step to giving up.
    #[must_use]
    pub fn budget(&self) -> Duration {
        Duration::from_secs(self.operation_deadline_seconds)
    }

    /// From the request to giving up when no worker begins.
    #[must_use]
    pub fn start_within(&self) -> Duration {
        Duration::from_secs(self.operation_start_within_seconds)
    }

    /// Pauses between tries.
    #[must_use]
    pub fn retry(&self) -> Backoff {
        Backoff {
            base: Duration::from_millis(self.retry_base_ms),
            max: Duration::from_millis(self.retry_max_ms),
        }
    }
}

/// Settings that contradict each other.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Production without a login.
    #[error("ENVIRONMENT=prod needs a login: leave URUMI_LOGIN out, or set it to `required`")]
    NoLogin,
    /// No domain.
    #[error("URUMI_STORE_DOMAIN cannot be used")]
    Domain(#[source] crate::stores::host::InvalidDomain),
    /// An issuer of tokens that cannot be used.
    #[error(transparent)]
    Oidc(#[from] Unusable),
    /// Local mode that others could reach.
    #[error(
        "local mode has no login and listens on loopback only, but URUMI_LISTEN is {0}: use 127.0.0.1, \
         or set URUMI_PUBLISHED_ON_LOOPBACK=true if the port is published on a loopback address only, \
         or URUMI_LOGIN=required"
    )]
    NotLoopback(SocketAddr),
}

impl Settings {
    /// From the process's environment.
    ///
    /// # Errors
    /// What is missing or wrong, by its name.
    pub fn load() -> Result<Self, SettingsError> {
        // Part by part: serde's `flatten` would take numbers in variables for text.
        Ok(Self {
            base: shared::settings::load(DEFAULTS)?,
            http: shared::settings::load(DEFAULTS)?,
            stores: shared::settings::load(DEFAULTS)?,
            engine: shared::settings::load(DEFAULTS)?,
            reconciliation: shared::settings::load(DEFAULTS)?,
            access: shared::settings::load(DEFAULTS)?,
            oidc: shared::settings::load(DEFAULTS)?,
            stream: shared::settings::load(DEFAULTS)?,
            webhooks: shared::settings::load(DEFAULTS)?,
            collector: shared::settings::load::<Collector>(DEFAULTS)?.of(PROGRAM, VERSION),
        })
    }

    /// The host of a store, in its one spelling.
    #[must_use]
    pub fn host(&self, id: &StoreId) -> String {
        // Checked at the start; an unchecked one is refused by the table.
        crate::stores::host::of(id, &self.stores.store_domain)
            .unwrap_or_else(|_| format!("{id}.{}", self.stores.store_domain))
    }

    /// From given variables.
    ///
    /// # Errors
    /// What is missing or wrong, by its name.
    pub fn load_from(variables: &BTreeMap<String, String>) -> Result<Self, SettingsError> {
        use shared::settings::load_from;
        Ok(Self {
            base: load_from(DEFAULTS, variables)?,
            http: load_from(DEFAULTS, variables)?,
            stores: load_from(DEFAULTS, variables)?,
            engine: load_from(DEFAULTS, variables)?,
            reconciliation: load_from(DEFAULTS, variables)?,
            access: load_from(DEFAULTS, variables)?,
            oidc: load_from(DEFAULTS, variables)?,
            stream: load_from(DEFAULTS, variables)?,
            webhooks: load_from(DEFAULTS, variables)?,
            collector: load_from::<Collector>(DEFAULTS, variables)?.of(PROGRAM, VERSION),
        })
    }

    /// Whether they may be served with.
    ///
    /// # Errors
    /// [`Refused`], with what to do.
    pub fn check(&self) -> Result<(), Refused> {
        crate::stores::host::domain(&self.stores.store_domain).map_err(Refused::Domain)?;
        self.oidc.check(self.base.environment)?;
        let listen = self.http.listen;
        match (self.access.login, self.base.environment) {
            (Login::Required, _) => Ok(()),
            (Login::Off, Environment::Prod) => Err(Refused::NoLogin),
            (Login::Off, Environment::Local) => {
                if listen.ip().is_loopback() || self.http.published_on_loopback {
                    Ok(())
                } else {
                    Err(Refused::NotLoopback(listen))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Settings {
        let always = [("DATABASE_URL", "postgres://x"), ("AMQP_URL", "amqp://x")];
        let variables: BTreeMap<_, _> = always
            .iter()
            .chain(pairs)
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        Settings::load_from(&variables).unwrap()
    }

    #[test]
    fn local_mode_serves_on_loopback_only_unless_told_who_publishes_the_port() {
        assert!(with(&[]).check().is_ok());
        assert!(with(&[("URUMI_LISTEN", "[::1]:3000")]).check().is_ok());
        let open = ("URUMI_LISTEN", "0.0.0.0:3000");
        let refused = with(&[open]).check().unwrap_err().to_string();
        assert!(refused.contains("URUMI_PUBLISHED_ON_LOOPBACK"), "{refused}");
        assert!(
            with(&[open, ("URUMI_PUBLISHED_ON_LOOPBACK", "true")])
                .check()
                .is_ok()
        );
    }

    #[test]
    fn production_is_served_with_a_login_and_refused_without() {
        let prod = [("ENVIRONMENT", "prod"), ("URUMI_INSTALLATION", "a")];
        assert_eq!(with(&prod).access.login, Login::Required);
        assert!(with(&prod).check().is_ok());
        let open = [prod[0], prod[1], ("URUMI_LOGIN", "off")];
        assert!(matches!(with(&open).check(), Err(Refused::NoLogin)));
        let local = [("URUMI_LISTEN", "0.0.0.0:1"), ("URUMI_LOGIN", "required")];
        assert!(with(&local).check().is_ok());
    }

    #[test]
    fn numbers_come_from_variables_too() {
        let settings = with(&[
            ("URUMI_COMMANDS_IN_FLIGHT", "3"),
            ("URUMI_RETRY_BASE_MS", "10"),
        ]);
        assert_eq!(settings.engine.commands_in_flight, 3);
        assert_eq!(settings.engine.retry().base, Duration::from_millis(10));
    }
}
