//! Numbers for Prometheus: named once, with their help, and told as text. Which
//! numbers there are, each program says itself.
//!
//! No label is ever a store, a tenant, a request or a free text: each has a small
//! set of values that is known beforehand.

mod process;

use prometheus::{
    Encoder as _, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder,
};

/// Of the text that [`Numbers::text`] makes.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// For what takes milliseconds: requests, waits for a connection.
pub const SHORT: &[f64] = &[
    0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// For what takes seconds to minutes: steps, helm.
pub const LONG: &[f64] = &[
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0,
];

/// Why registering cannot fail.
const OURS: &str = "names and labels are our own words, each given once";

/// One family, as the documents list it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
}

/// All numbers of a program.
#[derive(Debug)]
pub struct Numbers {
    registry: Registry,
    families: Vec<Family>,
}

impl Numbers {
    /// None yet but what every program tells of itself.
    #[must_use]
    pub fn of(program: &'static str, version: &'static str) -> Self {
        let mut numbers = Self {
            registry: Registry::new(),
            families: Vec::new(),
        };
        let build = numbers.gauge(
            "urumi_build_info",
            "Always 1; the labels tell which program and version this is.",
            &["program", "version"],
        );
        build.with_label_values(&[program, version]).set(1.0);
        let own = process::Process::default();
        numbers.families.extend(process::FAMILIES);
        numbers.registry.register(Box::new(own)).expect(OURS);
        numbers
    }

    /// What only grows. The name ends in `_total`.
    pub fn counter(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> IntCounterVec {
        let made = IntCounterVec::new(Opts::new(name, help), labels).expect(OURS);
        self.keep(name, "counter", labels, help, Box::new(made.clone()));
        made
    }

    /// What goes up and down.
    pub fn gauge(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> GaugeVec {
        let made = GaugeVec::new(Opts::new(name, help), labels).expect(OURS);
        self.keep(name, "gauge", labels, help, Box::new(made.clone()));
        made
    }

    /// How long something takes. The name ends in `_seconds`.
    pub fn seconds(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        bounds: &[f64],
    ) -> HistogramVec {
        let shape = HistogramOpts::new(name, help).buckets(bounds.to_vec());
        let made = HistogramVec::new(shape, labels).expect(OURS);
        self.keep(name, "histogram", labels, help, Box::new(made.clone()));
        made
    }

    fn keep(
        &mut self,
        name: &'static str,
        kind: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
        collector: Box<dyn prometheus::core::Collector>,
    ) {
        self.registry.register(collector).expect(OURS);
        self.families.push(Family {
            name,
            kind,
            labels,
            help,
        });
    }

    /// What there is.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// As they are now, in Prometheus' text form.
    #[must_use]
    pub fn text(&self) -> String {
        let mut bytes = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut bytes) {
            tracing::error!(%error, "the metrics cannot be written");
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The table of `docs/METRICS.md`: a row for each.
    #[must_use]
    pub fn table(&self) -> String {
        let mut rows: Vec<String> = self
            .families
            .iter()
            .map(|family| {
                let labels: Vec<String> = family.labels.iter().map(|l| format!("`{l}`")).collect();
                let labels = labels.join(", ");
                let Family {
                    name, kind, help, ..
                } = family;
                format!("| `{name}` | {kind} | {labels} | {help} |\n")
            })
            .collect();
        rows.sort();
        rows.insert(0, "| name | kind | labels | what it tells |\n".to_owned());
        rows.insert(1, "|---|---|---|---|\n".to_owned());
        rows.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_tells_what_it_is_and_what_it_takes() {
        let mut numbers = Numbers::of("p", "1");
        let seen = numbers.counter("urumi_seen_total", "Seen.", &["kind"]);
        seen.with_label_values(&["a"]).inc();
        let text = numbers.text();
        for line in [
            r#"urumi_build_info{program="p",version="1"} 1"#,
            r#"urumi_seen_total{kind="a"} 1"#,
            "# TYPE urumi_seen_total counter",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        for family in numbers.families() {
            assert!(
                text.contains(&format!("\n{}", family.name)) || text.starts_with(family.name),
                "{}",
                family.name
            );
        }
        assert!(
            numbers
                .table()
                .contains("| `urumi_seen_total` | counter | `kind` | Seen. |")
        );
    }
}
