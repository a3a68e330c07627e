//! Numbers that follow from what the audit remembers: ends of operations, failures,
//! repairs, illness. So each way to end one is counted. Counted before the commit; one
//! whose commit is then lost is counted all the same, and twice where it is tried again.

use shared::failure::FailureCode;
use shared::operation::OperationKind;
use shared::step::Step;

use crate::audit::NewAuditEvent;
use crate::metrics::METRICS;

/// Count what these events tell.
pub fn count(events: &[NewAuditEvent]) {
    for event in events {
        one(event);
    }
}

fn one(event: &NewAuditEvent) {
    let text = |name: &str| event.details[name].as_str().unwrap_or_default();
    let code = || FailureCode::parse(&event.outcome).map_or("other", FailureCode::as_str);
    let outcome = match event.action {
        "operation.succeeded" => "Succeeded",
        "operation.failed" => {
            METRICS.failures.with_label_values(&[code()]).inc();
            "Failed"
        }
        "operation.cancelled" => "Cancelled",
        "operation.superseded" => "Superseded",
        "operation.attempt_failed" => {
            METRICS.attempt_failures.with_label_values(&[code()]).inc();
            return;
        }
        "operation.repaired" => {
            let step = Step::ALL.iter().find(|step| step.as_str() == text("step"));
            let step = step.map_or("other", |step| step.as_str());
            METRICS.repairs.with_label_values(&[step]).inc();
            return;
        }
        "store.degraded" => return METRICS.health.with_label_values(&["Degraded"]).inc(),
        "store.recovered" => return METRICS.health.with_label_values(&["Healthy"]).inc(),
        _ => return,
    };
    let kind = OperationKind::parse(text("kind")).map_or("other", OperationKind::as_str);
    METRICS.operations.with_label_values(&[kind, outcome]).inc();
}
