//! What the audit says of an event. Pure.

use serde_json::{Value, json};
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::ids::Generation;
use shared::operation::{OperationKind, OperationStatus};
use shared::step::Step;
use shared::store_status::StoreStatus;

use crate::audit::{NewAuditEvent, PLATFORM, change};
use crate::projector::rule::{Changes, CommandChange};
use crate::record::{OperationRecord, StepRecord, StoreRecord};

type Before<'a> = (&'a StoreRecord, &'a OperationRecord, Option<&'a StepRecord>);

/// The audit's events for an event that was taken in for the first time, on
/// behalf of the request that began the operation.
pub fn of(
    event: &Envelope<EventBody>,
    before: Before<'_>,
    changes: &Changes,
) -> Vec<NewAuditEvent> {
    let (store, operation, step) = before;
    let mut facts = Vec::new();
    let mut say = |action, outcome: &str, details: Value| {
        facts.push(NewAuditEvent {
            tenant_id: event.tenant_id,
            store_id: Some(event.store_id.clone()),
            operation_id: Some(event.operation_id),
            actor: PLATFORM.to_owned(),
            request_id: Some(operation.request_id),
            action,
            outcome: outcome.to_owned(),
            details,
        });
    };

    if operation.started_at.is_none() && changes.operation.started_at.is_some() {
        say(
            "operation.started",
            "accepted",
            followed(
                operation,
                &changes.operation,
                json!({ "kind": operation.kind, "attempt": event.attempt }),
            ),
        );
    }
    let is_late = came_late(event.generation, store, operation);
    match &event.body {
        EventBody::StepWaiting {
            step: name,
            message,
            cause: Some(cause),
            ..
        } if is_new_cause(step, event) => {
            let details = json!({ "step": name, "attempt": event.attempt, "message": message });
            say("operation.waiting", cause.code.as_str(), details);
        }
        EventBody::StepFinished {
            step: name,
            run,
            changed: true,
            failed: false,
        } if is_repair(operation.kind, *name) => {
            let details = json!({ "step": name, "attempt": event.attempt, "run": run });
            say("operation.repaired", "succeeded", details);
        }
        EventBody::Deferred { reason, .. } if is_new_reason(reason, operation, changes) => {
            let details = json!({ "attempt": event.attempt, "message": reason });
            say("operation.deferred", "accepted", details);
        }
        EventBody::Failed {
            failure, changed, ..
        } if !is_late => {
            let again = match changes.command {
                CommandChange::Retry { attempt, .. } => json!(attempt),
                _ => Value::Null,
            };
            let details = json!({
                "step": failure.step, "attempt": event.attempt, "message": failure.message,
                "changed": changed, "next_attempt": again,
            });
            say("operation.attempt_failed", failure.code.as_str(), details);
        }
        EventBody::Stopped { newer } => {
            if let CommandChange::Reissue { generation } = changes.command {
                let details =
                    json!({ "newer": newer, "attempt": event.attempt, "reissued_as": generation });
                let [before, after] = [operation.generation, generation]
                    .map(|generation| json!({ "generation": generation }));
                let details = change::told(&before, &after, details);
                say("operation.reissued", "accepted", details);
            }
        }
        EventBody::StepStarted { .. }
        | EventBody::StepWaiting { .. }
        | EventBody::StepFinished { .. }
        | EventBody::Ready { .. }
        | EventBody::Deleted
        | EventBody::Failed { .. }
        | EventBody::Deferred { .. } => {}
    }
    if let Some((action, outcome)) = ended(operation, &changes.operation) {
        let details = json!({ "kind": operation.kind, "attempt": changes.operation.attempt, "generation": operation.generation });
        let details = followed(operation, &changes.operation, details);
        say(action, &outcome, details);
    }
    if store.status != changes.store.status
        && let Some((action, outcome)) = reached(changes)
    {
        say(
            action,
            &outcome,
            reached_status(store.status, changes.store.status),
        );
    }
    if is_late && claims_an_end(&event.body) {
        say("operation.late_report", event.body.kind(), late(event));
    }
    facts
}

/// An operation that went from one status to another.
pub fn followed(before: &OperationRecord, after: &OperationRecord, more: Value) -> Value {
    let stand =
        |record: &OperationRecord| json!({ "status": record.status, "attempt": record.attempt });
    change::told(&stand(before), &stand(after), more)
}

/// A store that reached a status.
pub fn reached_status(from: StoreStatus, to: StoreStatus) -> Value {
    let [before, after] = [from, to].map(|status| json!({ "status": status }));
    change::told(&before, &after, json!({ "from": from, "to": to }))
}

/// A cause is remembered when it is first seen or changes, not with each look.
fn is_new_cause(step: Option<&StepRecord>, event: &Envelope<EventBody>) -> bool {
    let code_of = |record: &StepRecord| {
        let waiting = record.waiting.as_ref()?;
        waiting.cause.as_ref().map(|cause| cause.code)
    };
    let EventBody::StepWaiting {
        cause: Some(cause), ..
    } = &event.body
    else {
        return false;
    };
    step.and_then(code_of) != Some(cause.code)
}

fn ended(before: &OperationRecord, after: &OperationRecord) -> Option<(&'static str, String)> {
    if before.status == after.status || after.is_open() {
        return None;
    }
    let code = || {
        after
            .failure
            .as_ref()
            .map_or("Failed", |failure| failure.code.as_str())
            .to_owned()
    };
    match after.status {
        OperationStatus::Succeeded => Some(("operation.succeeded", "succeeded".to_owned())),
        OperationStatus::Failed => Some(("operation.failed", code())),
        OperationStatus::Cancelled => Some(("operation.cancelled", "succeeded".to_owned())),
        OperationStatus::Superseded => Some(("operation.superseded", "succeeded".to_owned())),
        OperationStatus::Queued | OperationStatus::Running => None,
    }
}

fn reached(changes: &Changes) -> Option<(&'static str, String)> {
    let failure = changes.store.failure.as_ref();
    let code = || {
        failure
            .map_or("Failed", |failure| failure.code.as_str())
            .to_owned()
    };
    match changes.store.status {
        StoreStatus::Ready if changes.operation.kind == OperationKind::Resume => {
            Some(("store.resumed", "succeeded".to_owned()))
        }
        StoreStatus::Ready => Some(("store.ready", "succeeded".to_owned())),
        StoreStatus::Suspended => Some(("store.suspended", "succeeded".to_owned())),
        StoreStatus::Deleted => Some(("store.deleted", "succeeded".to_owned())),
        StoreStatus::Failed => Some(("store.failed", code())),
        StoreStatus::DeleteFailed => Some(("store.delete_failed", code())),
        StoreStatus::Queued
        | StoreStatus::Provisioning
        | StoreStatus::Updating
        | StoreStatus::Deleting => None,
    }
}

/// Whether it tells of something that is over: the api ended the operation, or a
/// worker did before a newer one began. Such a report ends nothing.
fn came_late(generation: Generation, store: &StoreRecord, operation: &OperationRecord) -> bool {
    operation.ended_by.is_some()
        || generation < operation.generation
        || (generation < store.generation && !operation.is_open())
}

fn claims_an_end(event: &EventBody) -> bool {
    event.settles() && !matches!(event, EventBody::Deferred { .. })
}

fn late(event: &Envelope<EventBody>) -> Value {
    let failure = match &event.body {
        EventBody::Failed { failure, .. } => Some(failure),
        _ => None,
    };
    json!({
        "generation": event.generation, "attempt": event.attempt,
        "code": failure.map(|failure| failure.code), "message": failure.map(|failure| &failure.message),
    })
}

/// Steps that nobody asked for: they mend what a killed helm or a failed attempt
/// left.
fn is_repair(kind: OperationKind, step: Step) -> bool {
    match step {
        Step::Unlock | Step::Reset => true,
        Step::Rollback => kind != OperationKind::Rollback,
        Step::Namespace
        | Step::Credentials
        | Step::Release
        | Step::Rollout
        | Step::Storefront
        | Step::Purge => false,
    }
}

fn is_new_reason(reason: &str, operation: &OperationRecord, changes: &Changes) -> bool {
    !operation.deferrals.contains_key(reason) && changes.operation.deferrals.contains_key(reason)
}
