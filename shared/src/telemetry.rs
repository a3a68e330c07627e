//! Logs: one line per fact, JSON in production, readable on a laptop.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For collectors.
    Json,
}

/// Start logging to standard error. Called once, first in `main`.
///
/// `filter` is in the syntax of `tracing_subscriber::EnvFilter`; a filter that
/// cannot be read is replaced by `info`, and the log says so.
pub fn init(format: LogFormat, filter: &str) {
    let (directives, complaint) = match EnvFilter::try_new(filter) {
        Ok(directives) => (directives, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(directives)
        .with_span_events(FmtSpan::NONE)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second call (in tests) keeps the first subscriber.
    let _ = match format {
        LogFormat::Pretty => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if let Some(error) = complaint {
        tracing::warn!(%error, filter, "log filter cannot be read, using `info`");
    }
}

/// Choose the process's TLS provider. Called once, first in `main`, because two
/// providers in one build panic at the first connection otherwise.
pub fn install_tls_provider() {
    // An error means that it was installed before, which is just as well.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// An error with its causes, in one line: `what: because: because`.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}
