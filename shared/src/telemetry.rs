//! Logs and traces. Logs: one line per fact, JSON in production, readable on a
//! laptop. Traces: every request and message has one; it is exported only where a
//! collector is named (`export`).

pub mod export;
mod logs;
pub mod trace;

use std::io::IsTerminal as _;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::telemetry::export::Collector;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For collectors; each line names its trace and span.
    Json,
}

/// What of a program's spans belongs to its traces.
const OURS: [&str; 3] = ["api", "worker", "shared"];

/// What is to be ended with the program.
#[derive(Debug)]
pub struct Telemetry {
    provider: SdkTracerProvider,
}

impl Telemetry {
    /// Hand over the spans that wait, within [`export::LAST_WORDS`]. Called last in
    /// `main`; a collector that is away costs no more than that time.
    pub fn end(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(export::LAST_WORDS) {
            tracing::debug!(%error, "the last spans were not handed over");
        }
    }
}

/// Start logging to standard error, and tracing. Called once, first in `main`,
/// after [`install_tls_provider`].
///
/// `filter` is in the syntax of `tracing_subscriber::EnvFilter` and is for log
/// lines alone; one that cannot be read is replaced by `info`, and the log says so.
pub fn init(format: LogFormat, filter: &str, collector: &Collector) -> Telemetry {
    let (directives, complaint) = match EnvFilter::try_new(filter) {
        Ok(directives) => (directives, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let (provider, unusable) = export::provider(collector);
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("urumi"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(belongs).with_max_level_hint(LevelFilter::DEBUG));
    let lines = fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Pretty => lines.with_target(false).boxed(),
        LogFormat::Json => lines
            .json()
            .map_event_format(|inner| logs::Traced(inner.flatten_event(true)))
            .boxed(),
    };
    // A second call (in tests) keeps the first subscriber.
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(directives))
        .with(spans)
        .try_init();
    if let Some(error) = complaint {
        tracing::warn!(%error, filter, "log filter cannot be read, using `info`");
    }
    if let Some(error) = unusable {
        tracing::warn!(
            error = chain(&error),
            "traces are not exported: correct the OTEL_EXPORTER_OTLP_… variables"
        );
    }
    Telemetry { provider }
}

/// Spans of our own programs; not their log lines, and nothing of libraries.
fn belongs(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let program = target.split_once("::").map_or(target, |(first, _)| first);
    metadata.is_span() && *metadata.level() <= Level::DEBUG && OURS.contains(&program)
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
