//! What can be set, with its unit and meaning; defaults stand in `settings/`.
//! Nothing here reads the environment: `shared::settings` does.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use shared::failure::FailureCode;
use shared::settings::{Defaults, Environment, SettingsError};
use shared::telemetry::LogFormat;
use shared::telemetry::export::Collector;

use crate::metrics::{PROGRAM, VERSION};

/// The embedded files.
pub const DEFAULTS: Defaults = Defaults {
    base: include_str!("../settings/base.toml"),
    local: include_str!("../settings/local.toml"),
    prod: include_str!("../settings/prod.toml"),
};

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// `ENVIRONMENT`: picks `values-<environment>.yaml`.
    pub environment: Environment,
    /// `AMQP_URL`: where RabbitMQ is, with its password.
    pub amqp_url: SecretString,
    /// `KUBECONFIG`: how to reach the cluster; without it, the service account
    /// of the pod that this runs in.
    #[serde(default)]
    pub kubeconfig: Option<String>,
    /// `PATH`: handed to helm, for credential plugins that a kubeconfig names.
    #[serde(default)]
    pub path: String,
    /// `URUMI_LOG`: log filter.
    pub log: String,
    /// `URUMI_LOG_FORMAT`: `pretty` or `json`.
    pub log_format: LogFormat,
    /// `URUMI_WORKER_LISTEN`: address of the probes and the metrics.
    pub worker_listen: SocketAddr,
    /// `URUMI_SLOTS`: stores brought forward at the same time.
    pub slots: u16,
    /// `URUMI_CHART`: the store's chart, folder or `.tgz`.
    pub chart: PathBuf,
    /// `URUMI_CHARTS`: folder of further versions, `store-<version>.tgz`; without
    /// it, the folder that the chart lies in.
    pub charts: PathBuf,
    /// `URUMI_VALUES_DIR`: folder of `values-<environment>.yaml`.
    pub values_dir: PathBuf,
    /// `URUMI_STORE_VALUES`: further values files, `:` between them.
    pub store_values: String,
    /// `URUMI_HELM`: the program.
    pub helm: PathBuf,
    /// `URUMI_CREDENTIALS`: who makes a store's Secret.
    pub credentials: Credentials,
    /// `URUMI_STORE_ROLE`: the ClusterRole with all that the worker may do inside a
    /// store's namespace, which it binds there to itself; empty: it may do that
    /// everywhere.
    #[serde(default)]
    pub store_role: String,
    /// `URUMI_SERVICE_ACCOUNT`: itself, a ServiceAccount of `URUMI_NAMESPACE`.
    #[serde(default)]
    pub service_account: String,
    /// `URUMI_NAMESPACE`: where leases are kept.
    pub namespace: String,
    /// `URUMI_INSTALLATION`: the mark on namespaces made by this installation.
    pub installation: String,
    /// `URUMI_INGRESS`: `host:port` that answers for every store's host.
    pub ingress: String,
    /// `URUMI_LEASE_MS`: how long a lease holds without renewal.
    #[serde(rename = "lease_ms", deserialize_with = "milliseconds")]
    pub lease: Duration,
    /// `URUMI_LEASE_RENEW_MS`: how often it is renewed.
    #[serde(rename = "lease_renew_ms", deserialize_with = "milliseconds")]
    pub lease_renew: Duration,
    /// `URUMI_HELM_LIMIT_MS`: helm's hard limit.
    #[serde(rename = "helm_limit_ms", deserialize_with = "milliseconds")]
    pub helm_limit: Duration,
    /// `URUMI_HELM_GRACE_MS`: from TERM to KILL.
    #[serde(rename = "helm_grace_ms", deserialize_with = "milliseconds")]
    pub helm_grace: Duration,
    /// `URUMI_STOP_MS`: how long a stop may take.
    #[serde(rename = "stop_ms", deserialize_with = "milliseconds")]
    pub stop: Duration,
    /// `URUMI_OBSERVER_LEASE_MS`: how long the observer's lease holds without
    /// renewal.
    #[serde(rename = "observer_lease_ms", deserialize_with = "milliseconds")]
    pub observer_lease: Duration,
    /// `URUMI_OBSERVER_RENEW_MS`: how often it is renewed.
    #[serde(rename = "observer_renew_ms", deserialize_with = "milliseconds")]
    pub observer_renew: Duration,
    /// `URUMI_PROBE_INTERVAL_MS`: how often the observer asks each shop and says
    /// how all stores do; its other times follow from this one.
    #[serde(rename = "probe_interval_ms", deserialize_with = "milliseconds")]
    pub probe_interval: Duration,
    /// `URUMI_CONTROL_HOST`: a host that the ingress serves whatever stores do;
    /// empty: any answer of the ingress will do.
    #[serde(default)]
    pub control_host: String,
    /// How long a cause must last before the wait for it ends.
    #[serde(flatten)]
    pub patience: Patience,
}

/// Where traces go, by the variables of OpenTelemetry.
///
/// # Errors
/// A variable of the wrong form.
pub fn collector() -> Result<Collector, SettingsError> {
    let collector: Collector = shared::settings::load(DEFAULTS)?;
    Ok(collector.of(PROGRAM, VERSION))
}

/// Who makes a store's Secret with passwords and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credentials {
    /// The worker, before the release.
    Own,
    /// Somebody else: External Secrets, by the chart's values. Pods wait for it.
    External,
}

/// How long each cause may last; `URUMI_PATIENCE_…_SECONDS`.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Patience {
    #[serde(rename = "patience_crash_loop_seconds", deserialize_with = "seconds")]
    crash_loop: Duration,
    #[serde(rename = "patience_image_pull_seconds", deserialize_with = "seconds")]
    image_pull: Duration,
    #[serde(
        rename = "patience_unschedulable_seconds",
        deserialize_with = "seconds"
    )]
    unschedulable: Duration,
    #[serde(
        rename = "patience_volume_pending_seconds",
        deserialize_with = "seconds"
    )]
    volume_pending: Duration,
    #[serde(
        rename = "patience_probe_failing_seconds",
        deserialize_with = "seconds"
    )]
    probe_failing: Duration,
    #[serde(
        rename = "patience_out_of_memory_seconds",
        deserialize_with = "seconds"
    )]
    out_of_memory: Duration,
    #[serde(
        rename = "patience_quota_exceeded_seconds",
        deserialize_with = "seconds"
    )]
    quota_exceeded: Duration,
    #[serde(rename = "patience_storefront_seconds", deserialize_with = "seconds")]
    storefront: Duration,
    #[serde(
        rename = "patience_delete_blocked_seconds",
        deserialize_with = "seconds"
    )]
    delete_blocked: Duration,
}

impl Patience {
    /// How long that cause may last; `None`: as long as the whole try.
    #[must_use]
    pub fn with(&self, code: FailureCode) -> Option<Duration> {
        match code {
            FailureCode::CrashLoop => Some(self.crash_loop),
            FailureCode::ImagePull => Some(self.image_pull),
            FailureCode::Unschedulable => Some(self.unschedulable),
            FailureCode::VolumePending => Some(self.volume_pending),
            FailureCode::ProbeFailing => Some(self.probe_failing),
            FailureCode::OutOfMemory => Some(self.out_of_memory),
            FailureCode::QuotaExceeded => Some(self.quota_exceeded),
            FailureCode::StorefrontUnreachable => Some(self.storefront),
            FailureCode::DeleteBlocked => Some(self.delete_blocked),
            FailureCode::ImageInvalid
            | FailureCode::PodSecurity
            | FailureCode::SetupFailed
            | FailureCode::HostConflict
            | FailureCode::NamespaceConflict
            | FailureCode::ReleaseFailed
            | FailureCode::ChartInvalid
            | FailureCode::ReleaseLocked
            | FailureCode::RollbackUnsafe
            | FailureCode::ClusterUnreachable
            | FailureCode::Timeout
            | FailureCode::Cancelled
            | FailureCode::Internal => None,
        }
    }
}

impl Settings {
    /// The values files of every store, in helm's order: later ones win.
    #[must_use]
    pub fn values_files(&self) -> Vec<PathBuf> {
        let name = format!("values-{}.yaml", self.environment.as_str());
        let extra = self.store_values.split(':').filter(|path| !path.is_empty());
        std::iter::once(self.values_dir.join(name))
            .chain(extra.map(PathBuf::from))
            .collect()
    }

    /// Where further versions of the chart are.
    #[must_use]
    pub fn charts(&self) -> &Path {
        if self.charts.as_os_str().is_empty() {
            self.chart.parent().unwrap_or(Path::new("."))
        } else {
            &self.charts
        }
    }

    /// What is wrong with files that helm would stumble over, as a sentence.
    #[must_use]
    pub fn missing_file(&self) -> Option<String> {
        let chart = std::iter::once(self.chart.clone()).chain(self.values_files());
        chart.into_iter().find(|path| !path.exists()).map(|path| {
            format!(
                "`{}` does not exist: set URUMI_CHART to the store's chart and URUMI_VALUES_DIR to the folder of values-{}.yaml",
                path.display(),
                self.environment.as_str()
            )
        })
    }
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    number(deserializer).map(Duration::from_millis)
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    number(deserializer).map(Duration::from_secs)
}

/// A number, or its text: a flattened part sees variables as they came.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Number(u64),
        Text(String),
    }
    match Form::deserialize(deserializer)? {
        Form::Number(number) => Ok(number),
        Form::Text(text) => text
            .trim()
            .parse()
            .map_err(|_| serde::de::Error::custom(format!("`{text}` is not a whole number"))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Settings {
        let variables: BTreeMap<String, String> = pairs
            .iter()
            .chain(&[("AMQP_URL", "amqp://u:p@127.0.0.1/v")])
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        shared::settings::load_from(DEFAULTS, &variables).unwrap()
    }

    #[test]
    fn defaults_are_those_of_the_design() {
        let settings = load(&[]);

        assert_eq!(settings.slots, 2);
        assert_eq!(settings.lease, Duration::from_secs(15));
        assert_eq!(settings.lease_renew, Duration::from_secs(5));
        assert!(settings.stop >= settings.helm_limit + settings.helm_grace);
        assert_eq!(
            settings.patience.with(FailureCode::OutOfMemory),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            settings.values_files(),
            [PathBuf::from("./values-local.yaml")]
        );
    }

    #[test]
    fn variables_set_numbers_paths_and_the_environment() {
        let settings = load(&[
            ("ENVIRONMENT", "prod"),
            ("URUMI_INSTALLATION", "acme"),
            ("URUMI_LEASE_MS", "900"),
            ("URUMI_PATIENCE_CRASH_LOOP_SECONDS", "7"),
            ("URUMI_STORE_VALUES", "/a.yaml:/b.yaml"),
            ("URUMI_CREDENTIALS", "external"),
        ]);

        assert_eq!(settings.lease, Duration::from_millis(900));
        assert_eq!(settings.credentials, Credentials::External);
        assert_eq!(
            settings.patience.with(FailureCode::CrashLoop),
            Some(Duration::from_secs(7))
        );
        assert_eq!(
            settings.values_files(),
            [
                PathBuf::from("./values-prod.yaml"),
                PathBuf::from("/a.yaml"),
                PathBuf::from("/b.yaml")
            ]
        );
    }

    #[test]
    fn the_passwords_url_is_not_shown() {
        assert!(!format!("{:?}", load(&[])).contains("u:p@"));
    }
}
