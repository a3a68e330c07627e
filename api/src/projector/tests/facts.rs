//! What the audit says of events.

use super::*;
use crate::audit::NewAuditEvent;
use crate::projector::facts;

fn actions(facts: &[NewAuditEvent]) -> Vec<(&str, &str)> {
    facts
        .iter()
        .map(|fact| (fact.action, fact.outcome.as_str()))
        .collect()
}

fn said(store: &StoreRecord, operation: &OperationRecord, body: EventBody) -> Vec<NewAuditEvent> {
    let event = event(operation, 1, 5, body);
    let changes = project(store, operation, None, &event).unwrap();
    facts::of(&event, (store, operation, None), &changes)
}

#[test]
fn an_operation_that_the_api_ended_is_not_ended_again_by_what_comes_later() {
    let (mut store, mut operation) = records(OperationKind::Create);
    store.generation = Generation(3);
    store.status = StoreStatus::Deleting;
    store.current_operation_id = OperationId::new();
    operation.ended_by = Some(EndedBy::Delete);
    operation.status = OperationStatus::Superseded;
    let stopped = EventBody::Stopped {
        newer: Generation(3),
    };
    for (body, kind) in [
        (stopped, "Stopped"),
        (ready(), "Ready"),
        (failed(FailureCode::CrashLoop, true), "Failed"),
    ] {
        assert_eq!(
            actions(&said(&store, &operation, body)),
            [("operation.late_report", kind)]
        );
    }
    let deferred = EventBody::Deferred {
        until: at(9),
        reason: "held".to_owned(),
    };
    assert!(said(&store, &operation, deferred).is_empty());
}

#[test]
fn an_open_operation_that_a_worker_dropped_for_a_newer_one_ends_once() {
    let (mut store, operation) = records(OperationKind::Create);
    store.generation = Generation(3);
    store.current_operation_id = OperationId::new();
    let stopped = EventBody::Stopped {
        newer: Generation(3),
    };
    assert_eq!(
        actions(&said(&store, &operation, stopped)),
        [("operation.superseded", "succeeded")]
    );
}

#[test]
fn repairs_that_changed_something_are_told() {
    let finished = |step, changed| EventBody::StepFinished {
        step,
        changed,
        failed: false,
        run: 1,
    };
    for (kind, step, changed, told) in [
        (OperationKind::Create, Step::Reset, true, true),
        (OperationKind::Create, Step::Reset, false, false),
        (OperationKind::Update, Step::Unlock, true, true),
        (OperationKind::Update, Step::Rollback, true, true),
        (OperationKind::Rollback, Step::Rollback, true, false),
        (OperationKind::Update, Step::Release, true, false),
    ] {
        let (store, operation) = records(kind);
        let facts = said(&store, &operation, finished(step, changed));
        assert_eq!(!facts.is_empty(), told, "{kind:?} {step:?}");
        if let Some(fact) = facts.first() {
            assert_eq!(fact.action, "operation.repaired");
            assert_eq!(fact.details["step"], step.as_str());
        }
    }
}
