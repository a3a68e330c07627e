//! Settings: defaults embedded in the program, then a file per ENVIRONMENT,
//! then variables. The only place that reads the environment.
//!
//! A variable `URUMI_X_Y` sets the key `x_y`. The variables that other programs
//! know too keep their usual names ([`FOREIGN`]). For each there is a `…_FILE`
//! form which names a file that holds the value, as secrets are mounted.

use std::collections::BTreeMap;
use std::path::PathBuf;

use config::{Config, ConfigError, File, FileFormat, Map, Value};
use serde::de::DeserializeOwned;

/// Variables without the `URUMI_` prefix, and the keys they set.
pub const FOREIGN: [(&str, &str); 10] = [
    ("ENVIRONMENT", "environment"),
    ("DATABASE_URL", "database_url"),
    ("AMQP_URL", "amqp_url"),
    ("KUBECONFIG", "kubeconfig"),
    ("PATH", "path"),
    ("XDG_CONFIG_HOME", "xdg_config_home"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "otel_exporter_otlp_endpoint"),
    (
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "otel_exporter_otlp_traces_endpoint",
    ),
    ("OTEL_SDK_DISABLED", "otel_sdk_disabled"),
    ("OTEL_SERVICE_NAME", "otel_service_name"),
];

/// Which of the two worlds a program runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// A laptop: no login, loopback only.
    Local,
    /// A cluster.
    Prod,
}

impl Environment {
    /// The name, as in `values-<name>.yaml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Prod => "prod",
        }
    }
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value that has no default is not given.
    #[error("the variable {0} is not set (or {0}_FILE, a file that holds it)")]
    Missing(String),
    /// A value is of the wrong form.
    #[error("a setting is wrong: {0}")]
    Invalid(#[from] ConfigError),
    /// A `…_FILE` variable names a file that cannot be read.
    #[error("{variable} names `{path}`, which cannot be read")]
    File {
        /// The variable.
        variable: String,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Embedded files of a program: `(name, TOML text)`.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    /// For every environment.
    pub base: &'static str,
    /// On top of it with ENVIRONMENT=local.
    pub local: &'static str,
    /// On top of it with ENVIRONMENT=prod.
    pub prod: &'static str,
}

/// Read a program's settings from the process's environment.
///
/// # Errors
/// [`SettingsError`], which names the key or the variable.
pub fn load<T: DeserializeOwned>(defaults: Defaults) -> Result<T, SettingsError> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place for it")]
    let variables = std::env::vars().collect();
    load_from(defaults, &variables)
}

/// Read settings from given variables.
///
/// # Errors
/// [`SettingsError`], which names the key or the variable.
pub fn load_from<T: DeserializeOwned>(
    defaults: Defaults,
    variables: &BTreeMap<String, String>,
) -> Result<T, SettingsError> {
    let environment = variables.get("ENVIRONMENT").map_or("local", String::as_str);
    let overlay = if environment == "prod" {
        defaults.prod
    } else {
        defaults.local
    };
    let mut builder = Config::builder()
        .set_default("environment", "local")?
        .add_source(File::from_str(defaults.base, FileFormat::Toml))
        .add_source(File::from_str(overlay, FileFormat::Toml));
    for (key, value) in keys(variables)? {
        builder = builder.set_override(key, value)?;
    }
    let read = builder.build()?.try_deserialize();
    read.map_err(|error| match error {
        ConfigError::NotFound(key) => SettingsError::Missing(variable_of(&key)),
        error => SettingsError::Invalid(error),
    })
}

/// The variable that sets a key.
fn variable_of(key: &str) -> String {
    let foreign = FOREIGN.iter().find(|(_, known)| *known == key);
    foreign.map_or_else(
        || format!("URUMI_{}", key.to_uppercase()),
        |(variable, _)| (*variable).to_owned(),
    )
}

/// The keys that these variables set.
fn keys(variables: &BTreeMap<String, String>) -> Result<Map<String, Value>, SettingsError> {
    let mut found = Map::new();
    for (variable, value) in variables {
        let (name, value) = match variable.strip_suffix("_FILE") {
            Some(name) if key_of(name).is_some() => {
                let text =
                    std::fs::read_to_string(value).map_err(|source| SettingsError::File {
                        variable: variable.clone(),
                        path: value.into(),
                        source,
                    })?;
                (name, text.trim_end().to_owned())
            }
            _ => (variable.as_str(), value.clone()),
        };
        // An empty variable is one that was not set.
        if let (Some(key), false) = (key_of(name), value.is_empty()) {
            let origin = format!("the variable {variable}");
            found.insert(key, Value::new(Some(&origin), value));
        }
    }
    Ok(found)
}

fn key_of(variable: &str) -> Option<String> {
    let foreign = FOREIGN.iter().find(|(name, _)| *name == variable);
    foreign.map(|(_, key)| (*key).to_owned()).or_else(|| {
        variable
            .strip_prefix("URUMI_")
            .filter(|key| !key.is_empty())
            .map(str::to_lowercase)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Sample {
        environment: Environment,
        listen: String,
        prefetch: u16,
        database_url: Option<String>,
    }

    const DEFAULTS: Defaults = Defaults {
        base: "listen = \"127.0.0.1:3000\"\nprefetch = 2",
        local: "",
        prod: "listen = \"0.0.0.0:3000\"",
    };

    fn load_with(pairs: &[(&str, &str)]) -> Result<Sample, SettingsError> {
        let variables = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        load_from(DEFAULTS, &variables)
    }

    #[test]
    fn variables_win_over_the_environments_file_over_defaults() {
        let local = load_with(&[]).unwrap();
        assert_eq!(
            (local.environment, local.listen.as_str()),
            (Environment::Local, "127.0.0.1:3000")
        );

        let prod = load_with(&[("ENVIRONMENT", "prod")]).unwrap();
        assert_eq!(
            (prod.environment, prod.listen.as_str()),
            (Environment::Prod, "0.0.0.0:3000")
        );

        let set = load_with(&[
            ("URUMI_PREFETCH", "4"),
            ("DATABASE_URL", "postgres://x"),
            ("URUMI_LISTEN", ""),
        ])
        .unwrap();
        assert_eq!(
            (
                set.prefetch,
                set.database_url.as_deref(),
                set.listen.as_str()
            ),
            (4, Some("postgres://x"), "127.0.0.1:3000")
        );
    }

    #[test]
    fn a_wrong_value_names_its_variable() {
        let error = load_with(&[("URUMI_PREFETCH", "many")]).unwrap_err();
        assert!(error.to_string().contains("URUMI_PREFETCH"), "{error}");
        assert!(load_with(&[("ENVIRONMENT", "staging")]).is_err());
    }

    #[test]
    fn a_missing_value_names_the_variable_that_sets_it() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "only whether it is there")]
        struct Needed {
            database_url: String,
            region: String,
        }
        let with = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into()));
            load_from::<Needed>(DEFAULTS, &pairs.collect())
                .unwrap_err()
                .to_string()
        };
        assert!(with(&[]).contains("the variable DATABASE_URL is not set"));
        let region = with(&[("DATABASE_URL", "x")]);
        assert!(region.contains("URUMI_REGION"), "{region}");
    }

    #[test]
    fn a_secret_may_come_from_a_file() {
        let error = load_with(&[("DATABASE_URL_FILE", "/nowhere/url")]).unwrap_err();
        assert!(error.to_string().contains("DATABASE_URL_FILE"), "{error}");
    }
}
