//! Traces to a collector, by OTLP over HTTP, where the standard variables name one.
//! Spans wait in a bounded queue and are lost when the collector is away: nothing
//! of the product ever waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter as Otlp, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter};
use serde::Deserialize;

use crate::telemetry::chain;

/// How long the last spans may take when a program ends.
pub const LAST_WORDS: Duration = Duration::from_secs(2);

/// Where traces go; the variables are those of the OpenTelemetry specification,
/// and the exporter reads the others (`OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`,
/// `OTEL_EXPORTER_OTLP_HEADERS`, `…_TIMEOUT`) by itself.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Collector {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: such as `http://localhost:4318`.
    #[serde(default, rename = "otel_exporter_otlp_endpoint")]
    pub endpoint: Option<String>,
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`: the whole address, for traces alone.
    #[serde(default, rename = "otel_exporter_otlp_traces_endpoint")]
    pub traces_endpoint: Option<String>,
    /// `OTEL_SDK_DISABLED`: nothing is exported after all.
    #[serde(default, rename = "otel_sdk_disabled")]
    pub disabled: bool,
    /// `OTEL_SERVICE_NAME`: another name than the program's.
    #[serde(default, rename = "otel_service_name")]
    pub service_name: Option<String>,
    /// The program's own name, and its version.
    #[serde(skip)]
    pub program: (&'static str, &'static str),
}

impl Collector {
    /// The same, for this program.
    #[must_use]
    pub fn of(self, name: &'static str, version: &'static str) -> Self {
        Self {
            program: (name, version),
            ..self
        }
    }

    /// Where spans go, if anywhere. Source: OpenTelemetry Protocol Exporter,
    /// "Endpoint URLs for OTLP/HTTP".
    fn address(&self) -> Option<String> {
        if self.disabled {
            return None;
        }
        let base = |endpoint: &String| format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let whole = self.traces_endpoint.clone();
        whole.or_else(|| self.endpoint.as_ref().map(base))
    }
}

/// A provider of ids that exports where a collector is named; what is wrong with
/// the variables, if so.
pub(super) fn provider(collector: &Collector) -> (SdkTracerProvider, Option<ExporterBuildError>) {
    // Ids are made, and the caller's choice is kept; nothing else.
    let silent = || {
        let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
        SdkTracerProvider::builder().with_sampler(sampler).build()
    };
    let Some(address) = collector.address() else {
        return (silent(), None);
    };
    match Otlp::builder().with_http().with_endpoint(address).build() {
        Ok(otlp) => {
            let exporter = Quiet {
                otlp,
                away: AtomicBool::new(false),
            };
            let provider = SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_resource(resource(collector))
                .build();
            (provider, None)
        }
        Err(error) => (silent(), Some(error)),
    }
}

fn resource(collector: &Collector) -> Resource {
    let (name, version) = collector.program;
    let name = collector.service_name.clone().unwrap_or(name.to_owned());
    Resource::builder()
        .with_service_name(name)
        .with_attributes([
            KeyValue::new("service.version", version),
            KeyValue::new("service.instance.id", uuid::Uuid::now_v7().to_string()),
        ])
        .build()
}

/// Says once that the collector is away, and once that it is back.
#[derive(Debug)]
struct Quiet {
    otlp: Otlp,
    away: AtomicBool,
}

impl SpanExporter for Quiet {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.otlp.export(batch).await;
        let was_away = self.away.swap(result.is_err(), Ordering::Relaxed);
        match (&result, was_away) {
            (Err(error), false) => {
                let error = chain(error);
                tracing::warn!(
                    error,
                    spans,
                    "spans are lost: the trace collector does not take them"
                );
            }
            (Ok(()), true) => tracing::info!("the trace collector takes spans again"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.otlp.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_go_where_the_standard_variables_say() {
        let at = |endpoint: &str, whole: &str, disabled| {
            let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let collector = Collector {
                endpoint: given(endpoint),
                traces_endpoint: given(whole),
                disabled,
                ..Collector::default()
            };
            collector.address().unwrap_or_default()
        };
        assert_eq!(at("", "", false), "");
        assert_eq!(at("http://c:4318", "", true), "");
        assert_eq!(at("http://c:4318/", "", false), "http://c:4318/v1/traces");
        assert_eq!(at("http://c:4318", "http://d/t", false), "http://d/t");
    }
}
