//! The api's numbers (docs/METRICS.md). One set for the process: they are counted
//! where things happen, and what Postgres and RabbitMQ hold is looked up when asked
//! (`look`). No label is a store, a tenant or a free text.

pub mod look;
pub mod remembered;

use std::sync::LazyLock;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus::{GaugeVec, HistogramVec, IntCounterVec};
use shared::failure::FailureCode;
use shared::metrics::{Numbers, SHORT};
use shared::operation::OperationKind;

use crate::settings::{PROGRAM, VERSION};

/// Of this process.
pub static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// All of them.
#[derive(Debug)]
pub struct Metrics {
    pub numbers: Numbers,
    requests: HistogramVec,
    rate_limited: IntCounterVec,
    operations: IntCounterVec,
    failures: IntCounterVec,
    attempt_failures: IntCounterVec,
    repairs: IntCounterVec,
    health: IntCounterVec,
    again: IntCounterVec,
    relayed: IntCounterVec,
    events: IntCounterVec,
    parked_total: IntCounterVec,
    database_wait: HistogramVec,
    open: GaugeVec,
    outbox: GaugeVec,
    outbox_oldest: GaugeVec,
    queued: GaugeVec,
    parked: GaugeVec,
    connections: GaugeVec,
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
        for code in FailureCode::ALL {
            for counter in [&self.failures, &self.attempt_failures] {
                counter.with_label_values(&[code.as_str()]).inc_by(0);
            }
        }
        for kind in OperationKind::ALL {
            for outcome in ["Succeeded", "Failed", "Cancelled", "Superseded"] {
                let labels = [kind.as_str(), outcome];
                self.operations.with_label_values(&labels).inc_by(0);
            }
        }
        for reason in ["retry", "deferral", "reissue", "redispatch"] {
            self.said_again(reason, 0);
        }
    }

    #[rustfmt::skip] // A line for each, so that they can be read as a table.
    fn named() -> Self {
        let mut n = Numbers::of(PROGRAM, VERSION);
        Self {
            requests: n.seconds("urumi_http_request_duration_seconds", "Requests: how long until the answer's head. `route` is the pattern, `status` the class.", &["method", "route", "status"], SHORT),
            rate_limited: n.counter("urumi_rate_limited_total", "Requests answered with 429, by what was counted: `principal` or `address`.", &["by"]),
            operations: n.counter("urumi_operations_total", "Operations that ended.", &["kind", "outcome"]),
            failures: n.counter("urumi_operation_failures_total", "Operations that failed, by code.", &["code"]),
            attempt_failures: n.counter("urumi_attempt_failures_total", "Tries that failed, by code; an operation may have several.", &["code"]),
            repairs: n.counter("urumi_repairs_total", "Steps that mended what a killed helm or a failed try had left.", &["step"]),
            health: n.counter("urumi_health_changes_total", "Stores that fell ill or got well.", &["to"]),
            again: n.counter("urumi_commands_again_total", "Commands said again: a retry, a deferral, a reissue under a newer generation, or a redispatch of one that was silent.", &["reason"]),
            relayed: n.counter("urumi_relay_messages_total", "Messages that the relay gave to RabbitMQ.", &["kind", "result"]),
            events: n.counter("urumi_events_total", "Workers' events that the inbox took in, or knew.", &["event", "result"]),
            parked_total: n.counter("urumi_messages_parked_total", "Messages that nobody could use.", &["queue"]),
            database_wait: n.seconds("urumi_database_wait_seconds", "How long work waited for its turn at the database.", &["pool"], SHORT),
            open: n.gauge("urumi_operations_open", "Operations that have not ended.", &["kind", "status"]),
            outbox: n.gauge("urumi_outbox_messages", "Messages in the outbox: `waiting` to be sent, or `sent` and not settled.", &["kind", "state"]),
            outbox_oldest: n.gauge("urumi_outbox_oldest_seconds", "How long the oldest of them has been due, or sent.", &["kind", "state"]),
            queued: n.gauge("urumi_queue_messages", "Messages that wait unread in a queue of RabbitMQ.", &["queue"]),
            parked: n.gauge("urumi_parked_messages", "Parked messages that nobody has replayed.", &["queue"]),
            connections: n.gauge("urumi_database_connections", "Connections to Postgres: of requests and of the work behind them.", &["pool", "state"]),
            parts: n.gauge("urumi_part_up", "1 where a part works that /readyz names.", &["part"]),
            numbers: n,
        }
    }

    /// A request was answered.
    pub fn answered(
        &self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        took: Duration,
    ) {
        let method = match method.as_str() {
            known @ ("GET" | "HEAD" | "POST" | "PATCH" | "PUT" | "DELETE" | "OPTIONS") => known,
            _ => "other",
        };
        let class = match status.as_u16() / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "other",
        };
        let labels = [method, route.unwrap_or("none"), class];
        let request = self.requests.with_label_values(&labels);
        request.observe(took.as_secs_f64());
    }

    /// A request was one too many.
    pub fn limited(&self, by: &'static str) {
        self.rate_limited.with_label_values(&[by]).inc();
    }

    /// A command is said again.
    pub fn said_again(&self, reason: &'static str, commands: usize) {
        let count = u64::try_from(commands).unwrap_or(u64::MAX);
        self.again.with_label_values(&[reason]).inc_by(count);
    }

    /// The relay gave a message to RabbitMQ, or could not.
    pub fn relayed(&self, kind: &str, sent: bool) {
        let kind = if kind == crate::outbox::COMMAND {
            "command"
        } else {
            "control"
        };
        let result = if sent { "sent" } else { "refused" };
        self.relayed.with_label_values(&[kind, result]).inc();
    }

    /// An event was taken in, or was known.
    pub fn event(&self, event: &'static str, known: bool) {
        let result = if known { "known" } else { "applied" };
        self.events.with_label_values(&[event, result]).inc();
    }

    /// A message was parked.
    pub fn parked(&self, queue: &'static str) {
        self.parked_total.with_label_values(&[queue]).inc();
    }

    /// Work waited for its turn at the database.
    pub fn waited(&self, for_requests: bool, took: Duration) {
        let wait = self.database_wait.with_label_values(&[pool(for_requests)]);
        wait.observe(took.as_secs_f64());
    }
}

fn pool(for_requests: bool) -> &'static str {
    if for_requests { "requests" } else { "work" }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn labels_are_from_small_sets_whatever_is_asked() {
        let metrics = Metrics::new();
        let odd = Method::from_bytes(b"BREW").unwrap();
        let took = Duration::from_millis(1);
        metrics.answered(&odd, None, StatusCode::IM_A_TEAPOT, took);
        let text = metrics.numbers.text();
        let series = r#"urumi_http_request_duration_seconds_count{method="other",route="none",status="4xx"} 1"#;
        assert!(text.contains(series), "{text}");
    }

    #[test]
    fn what_alerts_count_is_told_before_it_happens() {
        let text = Metrics::new().numbers.text();
        for series in [
            r#"urumi_operation_failures_total{code="DeleteBlocked"} 0"#,
            r#"urumi_operations_total{kind="Create",outcome="Failed"} 0"#,
            r#"urumi_commands_again_total{reason="redispatch"} 0"#,
        ] {
            assert!(text.contains(series), "{series} in {text}");
        }
    }

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

    /// An alert on a number that nobody tells never rings; one without a chapter to
    /// read rings for nothing.
    #[test]
    fn the_alerts_stand_on_numbers_and_chapters_that_are_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
        let (alerts, numbers) = (
            read("deploy/monitoring/alerts.yaml"),
            read("docs/METRICS.md"),
        );
        let slug = |heading: &str| -> String {
            let kept = heading
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>()
                .trim()
                .to_lowercase()
                .replace(' ', "-")
        };
        let runbook = read("docs/RUNBOOK.md");
        let headings = runbook.lines().filter(|line| line.starts_with('#'));
        let chapters: Vec<String> = headings.map(|l| slug(l.trim_start_matches('#'))).collect();
        let word = |c: char| c.is_ascii_lowercase() || c == '_';
        let mut used = 0;
        for name in alerts
            .split(|c| !word(c))
            .filter(|name| name.starts_with("urumi_"))
        {
            // A histogram is told as three.
            let part = ["_bucket", "_count", "_sum"].iter();
            let whole = part.fold(name, |name, part| name.strip_suffix(part).unwrap_or(name));
            let told = |name| numbers.contains(&format!("| `{name}` |"));
            assert!(told(name) || told(whole), "{name}");
            used += 1;
        }
        let books = alerts
            .lines()
            .filter_map(|line| line.split_once("RUNBOOK.md#"));
        for (_, chapter) in books {
            assert!(
                chapters.iter().any(|known| known == chapter),
                "{chapter} of {chapters:?}"
            );
        }
        assert!(used > 5);
    }
}
