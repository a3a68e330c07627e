//! What a store's status is while its newest operation stands so: one table,
//! shown in docs/STATES.md. Pure, and the only writer of `status` after the
//! request that began the operation.

use shared::failure::{Failure, FailureCode};
use shared::operation::{OperationKind, OperationStatus};
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;

use crate::record::{Ended, OperationRecord, Previous, StoreRecord};

/// The status that follows from an operation's kind and status.
pub fn of(kind: OperationKind, operation: OperationStatus) -> StoreStatus {
    match kind {
        OperationKind::Create => match operation {
            OperationStatus::Queued => StoreStatus::Queued,
            OperationStatus::Running => StoreStatus::Provisioning,
            OperationStatus::Succeeded => StoreStatus::Ready,
            OperationStatus::Failed | OperationStatus::Cancelled | OperationStatus::Superseded => {
                StoreStatus::Failed
            }
        },
        OperationKind::Update | OperationKind::Rollback => match operation {
            OperationStatus::Queued | OperationStatus::Running => StoreStatus::Updating,
            OperationStatus::Succeeded
            | OperationStatus::Failed
            | OperationStatus::Cancelled
            | OperationStatus::Superseded => StoreStatus::Ready,
        },
        OperationKind::Suspend => match operation {
            OperationStatus::Queued | OperationStatus::Running => StoreStatus::Updating,
            OperationStatus::Succeeded => StoreStatus::Suspended,
            OperationStatus::Failed | OperationStatus::Cancelled | OperationStatus::Superseded => {
                StoreStatus::Ready
            }
        },
        OperationKind::Resume => match operation {
            OperationStatus::Queued | OperationStatus::Running => StoreStatus::Updating,
            OperationStatus::Succeeded => StoreStatus::Ready,
            OperationStatus::Failed | OperationStatus::Cancelled | OperationStatus::Superseded => {
                StoreStatus::Suspended
            }
        },
        OperationKind::Delete => match operation {
            OperationStatus::Queued | OperationStatus::Running => StoreStatus::Deleting,
            OperationStatus::Succeeded => StoreStatus::Deleted,
            OperationStatus::Failed | OperationStatus::Cancelled | OperationStatus::Superseded => {
                StoreStatus::DeleteFailed
            }
        },
    }
}

/// Bring the store's record in line with its newest operation.
pub fn follow(store: &mut StoreRecord, operation: &OperationRecord) {
    store.status = of(operation.kind, operation.status);
    store.failure = match store.status {
        StoreStatus::Failed | StoreStatus::DeleteFailed => Some(
            operation
                .failure
                .clone()
                .unwrap_or_else(|| without_failure(operation.status)),
        ),
        StoreStatus::Queued
        | StoreStatus::Provisioning
        | StoreStatus::Ready
        | StoreStatus::Updating
        | StoreStatus::Suspended
        | StoreStatus::Deleting
        | StoreStatus::Deleted => None,
    };
    follow_spec(store, operation);
    if store.status == StoreStatus::Ready && store.spec.suspended {
        // It went back to what it was, and that was at rest.
        store.status = StoreStatus::Suspended;
    }
    if operation.status != OperationStatus::Succeeded {
        return;
    }
    for attempt in &operation.outcomes {
        match &attempt.ended {
            Ended::Ready {
                revision,
                chart,
                images,
            } => {
                store.ever_ready = true;
                store.images.clone_from(images);
                store.chart = Some(chart.clone());
                store.revision = Some(*revision);
                if operation.kind == OperationKind::Create {
                    store.ready_at = operation.finished_at;
                }
                return;
            }
            Ended::Deleted => {
                store.deleted_at = operation.finished_at;
                return;
            }
            Ended::Failed { .. } | Ended::Stopped { .. } => {}
        }
    }
}

/// What is wanted of the store: what its newest operation asked for, but what it
/// last was when it was Ready once a change of that came to nothing.
fn follow_spec(store: &mut StoreRecord, operation: &OperationRecord) {
    let Some(asked) = &operation.spec else {
        return;
    };
    store.spec = match (operation.status, &store.safe_spec) {
        (OperationStatus::Succeeded, _) => {
            let reached = reached(asked, operation);
            remember(store, &reached, operation);
            store.safe_spec = Some(reached.clone());
            reached
        }
        (
            OperationStatus::Failed | OperationStatus::Cancelled | OperationStatus::Superseded,
            Some(safe),
        ) => safe.clone(),
        (_, _) => asked.clone(),
    };
}

/// Keep the versions that were, where this operation changed them.
fn remember(store: &mut StoreRecord, reached: &StoreSpec, operation: &OperationRecord) {
    let generation = operation.generation;
    let told = store.previous.as_ref().map(|known| known.generation);
    let Some(safe) = store
        .safe_spec
        .as_ref()
        .filter(|_| told != Some(generation))
    else {
        return;
    };
    if (&safe.chart, &safe.image) != (&reached.chart, &reached.image) {
        store.previous = Some(Previous {
            chart: safe.chart.clone(),
            image: safe.image.clone(),
            generation,
        });
    }
}

/// The spec with the version that serves: a later change of something else, or
/// the way back to it, does not move the chart.
fn reached(asked: &StoreSpec, operation: &OperationRecord) -> StoreSpec {
    let served = operation
        .outcomes
        .iter()
        .find_map(|attempt| match &attempt.ended {
            Ended::Ready { chart, .. } => version_of(chart),
            Ended::Deleted | Ended::Failed { .. } | Ended::Stopped { .. } => None,
        });
    StoreSpec {
        chart: served.or_else(|| asked.chart.clone()),
        ..asked.clone()
    }
}

/// The version in a chart's name and version, such as `store-0.1.0`.
fn version_of(chart: &str) -> Option<String> {
    let digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let (at, _) = chart
        .match_indices('-')
        .find(|(at, _)| digit(&chart[at + 1..]))?;
    Some(chart[at + 1..].to_owned())
}

fn without_failure(status: OperationStatus) -> Failure {
    match status {
        OperationStatus::Cancelled => Failure::new(FailureCode::Cancelled, ""),
        OperationStatus::Queued
        | OperationStatus::Running
        | OperationStatus::Succeeded
        | OperationStatus::Failed
        | OperationStatus::Superseded => Failure::new(FailureCode::Internal, ""),
    }
}
