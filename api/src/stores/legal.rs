//! Which wish is legal while a store stands so, and what it becomes: pure, with
//! a table in docs/STATES.md. Delete is legal always and is not asked about here.

use shared::operation::{OperationKind, OperationStatus};
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;
use time::OffsetDateTime;

use crate::entity::store;
use crate::record::{OperationRecord, StoreRecord};
use crate::stores::refusal::Refusal;

/// Nothing that removes a store begins while its owner does not want it. Every wish
/// that removes a store that is on record and not Deleted asks this.
///
/// # Errors
/// [`Refusal::Protected`].
pub fn unprotected(row: &store::Model, store: &StoreRecord) -> Result<(), Refusal> {
    if row.deletion_protection {
        let store = store.id.clone();
        return Err(Refusal::Protected { store });
    }
    Ok(())
}

/// What a changed spec becomes: an update of a store that serves, or another try
/// at one that never did.
///
/// # Errors
/// [`Refusal`].
pub fn update(store: &StoreRecord, newest: &OperationRecord) -> Result<OperationKind, Refusal> {
    idle(store, newest)?;
    match store.status {
        StoreStatus::Ready => Ok(OperationKind::Update),
        StoreStatus::Failed => Ok(OperationKind::Create),
        StoreStatus::Queued
        | StoreStatus::Provisioning
        | StoreStatus::Updating
        | StoreStatus::Suspended
        | StoreStatus::Deleting
        | StoreStatus::Deleted
        | StoreStatus::DeleteFailed => Err(wrong_status(store)),
    }
}

/// The spec with the versions that were before the last change of them.
///
/// # Errors
/// [`Refusal`].
pub fn rollback(store: &StoreRecord, newest: &OperationRecord) -> Result<StoreSpec, Refusal> {
    idle(store, newest)?;
    if store.status != StoreStatus::Ready {
        return Err(wrong_status(store));
    }
    let Some(previous) = store.previous.clone() else {
        let store = store.id.clone();
        return Err(Refusal::NothingToRollBack { store });
    };
    Ok(StoreSpec {
        chart: previous.chart,
        image: previous.image,
        ..store.spec.clone()
    })
}

/// The spec of a store that shall rest, or run again; `None` where it does.
///
/// # Errors
/// [`Refusal`].
pub fn rest(
    store: &StoreRecord,
    newest: &OperationRecord,
    suspended: bool,
) -> Result<Option<StoreSpec>, Refusal> {
    idle(store, newest)?;
    match store.status {
        StoreStatus::Ready | StoreStatus::Suspended => Ok((store.spec.suspended != suspended)
            .then(|| StoreSpec {
                suspended,
                ..store.spec.clone()
            })),
        StoreStatus::Queued
        | StoreStatus::Provisioning
        | StoreStatus::Failed
        | StoreStatus::Updating
        | StoreStatus::Deleting
        | StoreStatus::Deleted
        | StoreStatus::DeleteFailed => Err(wrong_status(store)),
    }
}

/// From which version on the store's chart takes login links.
const LOGINS: &str = "0.2.0";

/// Whether a link that is signed with the key of that public half would let in.
///
/// # Errors
/// [`Refusal`].
pub fn login(store: &StoreRecord, public_key: &str) -> Result<(), Refusal> {
    let serves = matches!(store.status, StoreStatus::Ready | StoreStatus::Updating);
    let (true, Some(safe)) = (serves, &store.safe_spec) else {
        return Err(wrong_status(store));
    };
    let chart = safe.chart.clone().unwrap_or_default();
    let store = store.id.clone();
    if numbers(&chart) < numbers(LOGINS) {
        let needs = LOGINS;
        return Err(Refusal::ChartTooOld {
            store,
            chart,
            needs,
        });
    }
    match safe.login_key.as_deref() == Some(public_key) && !safe.suspended {
        true => Ok(()),
        false => Err(Refusal::NoLoginKey { store }),
    }
}

/// A version's numbers, to be compared; what follows them does not count.
fn numbers(version: &str) -> Vec<u64> {
    let release = version.split(['-', '+']).next().unwrap_or_default();
    release
        .split('.')
        .map_while(|one| one.parse().ok())
        .collect()
}

/// What a retry does: the same wish as the one that did not succeed.
///
/// # Errors
/// [`Refusal`].
pub fn retry(store: &StoreRecord, newest: &OperationRecord) -> Result<OperationKind, Refusal> {
    idle(store, newest)?;
    if store.status == StoreStatus::Deleted {
        return Err(wrong_status(store));
    }
    if newest.status == OperationStatus::Succeeded {
        let (store, kind) = (store.id.clone(), newest.kind);
        return Err(Refusal::NothingToRetry { store, kind });
    }
    Ok(newest.kind)
}

/// What a cancel leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancel {
    /// Nothing that serves: the store is Failed(Cancelled).
    End,
    /// A store that has to go back to this.
    Return(Box<StoreSpec>),
    /// A store that nobody has begun to remove: this is wanted of it again.
    Keep(Box<StoreSpec>),
}

/// What a cancel does.
///
/// # Errors
/// [`Refusal`].
pub fn cancel(
    store: &StoreRecord,
    newest: &OperationRecord,
    now: OffsetDateTime,
) -> Result<Cancel, Refusal> {
    let (id, kind) = (store.id.clone(), newest.kind);
    if !newest.is_open() {
        let status = newest.status;
        let store = id;
        return Err(Refusal::NothingToCancel {
            store,
            kind,
            status,
        });
    }
    match (kind, &store.safe_spec) {
        (OperationKind::Create, _) => Ok(Cancel::End),
        (OperationKind::Delete, _) if newest.is_held(now) => {
            Ok(Cancel::Keep(Box::new(store.spec.clone())))
        }
        (OperationKind::Update | OperationKind::Suspend | OperationKind::Resume, Some(safe)) => {
            Ok(Cancel::Return(Box::new(safe.clone())))
        }
        (
            OperationKind::Update
            | OperationKind::Rollback
            | OperationKind::Suspend
            | OperationKind::Resume
            | OperationKind::Delete,
            _,
        ) => Err(Refusal::NotCancellable { store: id, kind }),
    }
}

fn idle(store: &StoreRecord, newest: &OperationRecord) -> Result<(), Refusal> {
    if !newest.is_open() {
        return Ok(());
    }
    if newest.kind == OperationKind::Delete {
        return Err(wrong_status(store));
    }
    Err(Refusal::OperationOpen {
        store: store.id.clone(),
        operation: newest.id,
        kind: newest.kind,
        status: newest.status,
    })
}

fn wrong_status(store: &StoreRecord) -> Refusal {
    let (store, status) = (store.id.clone(), store.status);
    Refusal::WrongStatus { store, status }
}

#[cfg(test)]
mod tests;
