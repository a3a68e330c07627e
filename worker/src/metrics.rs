//! The worker's numbers (docs/METRICS.md), counted where things happen. One set for
//! the process. No label is a store, a tenant or a free text.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{GaugeVec, HistogramVec, IntCounterVec};
use shared::contract::event::EventBody;
use shared::contract::observation::{Health, Look};
use shared::metrics::{LONG, Numbers};
use shared::operation::OperationKind;
use shared::step::Step;

/// As traces and metrics name this program.
pub const PROGRAM: &str = "urumi-worker";
/// Of this build.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Of this process.
pub static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// All of them.
#[derive(Debug)]
pub struct Metrics {
    /// As text.
    pub numbers: Numbers,
    deliveries: IntCounterVec,
    tries: IntCounterVec,
    failures: IntCounterVec,
    steps: HistogramVec,
    helm: HistogramVec,
    claims: IntCounterVec,
    losses: IntCounterVec,
    slots: GaugeVec,
    probes: IntCounterVec,
    observed: GaugeVec,
    parts: GaugeVec,
}

impl Metrics {
    fn new() -> Self {
        let made = Self::named();
        made.begin();
        made
    }

    /// A counter that first appears as 1 has not grown for Prometheus: those that
    /// alerts stand on are told as 0 from the start.
    fn begin(&self) {
        for reason in ["newer", "taken", "expired"] {
            self.losses.with_label_values(&[reason]).inc_by(0);
        }
        for kind in OperationKind::ALL {
            for outcome in ["Ready", "Deleted", "Failed", "Stopped", "Deferred"] {
                let labels = [kind.as_str(), outcome];
                self.tries.with_label_values(&labels).inc_by(0);
            }
        }
    }

    #[rustfmt::skip] // A line for each, so that they can be read as a table.
    fn named() -> Self {
        let mut n = Numbers::of(PROGRAM, VERSION);
        Self {
            deliveries: n.counter("urumi_deliveries_total", "Messages from RabbitMQ, by what came of them.", &["queue", "came"]),
            tries: n.counter("urumi_tries_total", "Tries that this worker ended, by what it said last.", &["kind", "outcome"]),
            failures: n.counter("urumi_try_failures_total", "Tries that this worker ended as failed, by code.", &["code"]),
            steps: n.seconds("urumi_step_duration_seconds", "Steps, from their beginning until they are over.", &["step", "outcome"], LONG),
            helm: n.seconds("urumi_helm_duration_seconds", "Runs of helm, by its command and how it ended.", &["command", "outcome"], LONG),
            claims: n.counter("urumi_lease_claims_total", "What came of asking for a store's Lease; `takeover` is a try that had a holder before.", &["result"]),
            losses: n.counter("urumi_lease_losses_total", "Stores that were no longer ours: a newer intent, another holder, or not renewed in time.", &["reason"]),
            slots: n.gauge("urumi_slots", "Places for stores: `all`, and those `used`.", &["state"]),
            probes: n.counter("urumi_probes_total", "Shops that the observer asked; `shared` failed as most others did.", &["result"]),
            observed: n.gauge("urumi_observed_stores", "Stores that this worker observes, if it is the one that does.", &["health"]),
            parts: n.gauge("urumi_part_up", "1 where a part works that /readyz names.", &["part"]),
            numbers: n,
        }
    }

    /// A delivery was settled, or left.
    pub fn delivery(&self, queue: &'static str, came: &'static str) {
        self.deliveries.with_label_values(&[queue, came]).inc();
    }

    /// A try ended with these words.
    pub fn tried(&self, kind: OperationKind, outcome: &EventBody) {
        let labels = [kind.as_str(), outcome.kind()];
        self.tries.with_label_values(&labels).inc();
        if let EventBody::Failed { failure, .. } = outcome {
            let code = failure.code.as_str();
            self.failures.with_label_values(&[code]).inc();
        }
    }

    /// A step is over.
    pub fn step(&self, step: Step, failed: bool, took: Duration) {
        let outcome = if failed { "failed" } else { "done" };
        let step = self.steps.with_label_values(&[step.as_str(), outcome]);
        step.observe(took.as_secs_f64());
    }

    /// helm ended.
    pub fn helm(&self, command: &str, outcome: &'static str, took: Duration) {
        let command = match command {
            known @ ("upgrade" | "rollback" | "uninstall") => known,
            _ => "other",
        };
        let run = self.helm.with_label_values(&[command, outcome]);
        run.observe(took.as_secs_f64());
    }

    /// A store was asked for.
    pub fn claimed(&self, result: &'static str) {
        self.claims.with_label_values(&[result]).inc();
    }

    /// A store is no longer ours.
    pub fn lost(&self, reason: &'static str) {
        self.losses.with_label_values(&[reason]).inc();
    }

    /// How many places there are, and how many are free.
    pub fn slots(&self, all: u16, free: usize) {
        let used = usize::from(all).saturating_sub(free);
        let used = u32::try_from(used).unwrap_or(u32::MAX);
        self.slots.with_label_values(&["all"]).set(all.into());
        self.slots.with_label_values(&["used"]).set(used.into());
    }

    /// A shop was asked.
    pub fn probed(&self, result: &'static str) {
        self.probes.with_label_values(&[result]).inc();
    }

    /// How all observed stores do; of nobody who does not observe.
    pub fn observed(&self, looks: &[Look]) {
        for health in Health::ALL {
            let count = looks.iter().filter(|look| look.health == health).count();
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            let gauge = self.observed.with_label_values(&[health.as_str()]);
            gauge.set(count.into());
        }
    }

    /// This worker observes no more.
    pub fn observes_no_more(&self) {
        self.observed.reset();
    }

    /// Whether a part works.
    pub fn part(&self, part: &'static str, works: bool) {
        let up = if works { 1.0 } else { 0.0 };
        self.parts.with_label_values(&[part]).set(up);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The document names exactly what the program tells.
    #[test]
    fn the_document_lists_every_number() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/METRICS.md");
        let text = std::fs::read_to_string(path).unwrap();
        let table = METRICS.numbers.table();
        assert!(
            text.contains(&table),
            "docs/METRICS.md is to hold:\n{table}"
        );
    }

    #[test]
    fn what_alerts_count_is_told_before_it_happens() {
        let text = Metrics::new().numbers.text();
        for series in [
            r#"urumi_lease_losses_total{reason="expired"} 0"#,
            r#"urumi_tries_total{kind="Create",outcome="Ready"} 0"#,
        ] {
            assert!(text.contains(series), "{series} in {text}");
        }
    }

    #[test]
    fn a_word_that_nobody_knows_is_no_label() {
        let metrics = Metrics::new();
        metrics.helm("store-k7q2mx", "exited", Duration::from_secs(1));
        let text = metrics.numbers.text();
        assert!(!text.contains("store-k7q2mx"), "{text}");
    }
}
