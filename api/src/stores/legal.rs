//! Which wish is legal while a store stands so, and what it becomes: pure, with
//! a table in docs/STATES.md. Delete is legal always and is not asked about here.

use shared::ids::{OperationId, StoreId};
use shared::operation::{OperationKind, OperationStatus};
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;
use uuid::Uuid;

use crate::record::{OperationRecord, StoreRecord};

/// Why a wish is not legal now. The sentence names the store and what is so; what
/// to do about it is [`Refusal::advice`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something else is being done.
    #[error(
        "`{store}` is busy: its operation {operation} ({} is {}) has not ended",
        kind.as_str(), status.as_str()
    )]
    OperationOpen {
        /// Whose.
        store: StoreId,
        /// What is being done.
        operation: OperationId,
        /// What it wants.
        kind: OperationKind,
        /// How far it is.
        status: OperationStatus,
    },
    /// Its status does not allow it.
    #[error("`{store}` is {}", status.as_str())]
    WrongStatus {
        /// Whose.
        store: StoreId,
        /// What it is.
        status: StoreStatus,
    },
    /// Nothing failed.
    #[error("there is nothing to retry: the last operation of `{store}` ({}) succeeded", kind.as_str())]
    NothingToRetry {
        /// Whose.
        store: StoreId,
        /// What was done.
        kind: OperationKind,
    },
    /// Nothing is open.
    #[error(
        "there is nothing to cancel: the last operation of `{store}` ({}) has ended as {}",
        kind.as_str(), status.as_str()
    )]
    NothingToCancel {
        /// Whose.
        store: StoreId,
        /// What was done.
        kind: OperationKind,
        /// How it ended.
        status: OperationStatus,
    },
    /// It has to be brought to its end.
    #[error("the operation of `{store}` that is open is a {}, which cannot be cancelled", kind.as_str())]
    NotCancellable {
        /// Whose.
        store: StoreId,
        /// What is being done.
        kind: OperationKind,
    },
    /// Its versions never changed.
    #[error("there is nothing to roll back: the versions of `{store}` never changed")]
    NothingToRollBack {
        /// Whose.
        store: StoreId,
    },
    /// Its owner said that it shall not be deleted.
    #[error("`{store}` is protected from deletion")]
    Protected {
        /// Whose.
        store: StoreId,
    },
    /// More than a store may have.
    #[error(
        "`{store}` would have more labels than a store may have ({})",
        crate::stores::labels::MAX_LABELS
    )]
    TooManyLabels {
        /// Whose.
        store: StoreId,
    },
    /// It was used before.
    #[error("the dead letter {message} was replayed before")]
    AlreadyReplayed {
        /// Which.
        message: Uuid,
    },
    /// It is as unusable as it was.
    #[error("the dead letter still cannot be used: {reason}")]
    StillUnusable {
        /// Why.
        reason: String,
    },
}

impl Refusal {
    /// Stable name, as problems and the audit have it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OperationOpen { .. } => "operation_open",
            Self::WrongStatus { .. } => "wrong_status",
            Self::NothingToRetry { .. } => "nothing_to_retry",
            Self::NothingToCancel { .. } => "nothing_to_cancel",
            Self::NotCancellable { .. } => "not_cancellable",
            Self::NothingToRollBack { .. } => "nothing_to_roll_back",
            Self::Protected { .. } => "deletion_protected",
            Self::TooManyLabels { .. } => "too_many_labels",
            Self::AlreadyReplayed { .. } => "already_replayed",
            Self::StillUnusable { .. } => "still_unusable",
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::OperationOpen {
                store, operation, ..
            } => format!(
                "Wait until it has (GET /operations/{operation}), or cancel it with POST /stores/{store}/cancel."
            ),
            Self::WrongStatus { store, status } => match status {
                StoreStatus::Deleting => {
                    "It is being removed, and nothing else can be asked of it.".to_owned()
                }
                StoreStatus::Deleted => {
                    "It is gone; ask for another one with POST /stores.".to_owned()
                }
                StoreStatus::DeleteFailed => {
                    format!("Finish its removal with POST /stores/{store}/retry.")
                }
                StoreStatus::Suspended => {
                    format!("Resume it first, with POST /stores/{store}/resume.")
                }
                StoreStatus::Queued
                | StoreStatus::Provisioning
                | StoreStatus::Ready
                | StoreStatus::Failed
                | StoreStatus::Updating => format!("Look at it with GET /stores/{store}."),
            },
            Self::NothingToRollBack { store } => {
                format!("Change the store with PATCH /stores/{store}.")
            }
            Self::Protected { store } => format!(
                "Lift that first: PATCH /stores/{store} with {{\"deletion_protection\": false}}."
            ),
            Self::TooManyLabels { .. } => {
                "Take others away in the same request, by giving them as null.".to_owned()
            }
            Self::AlreadyReplayed { .. } => {
                "Nothing is left to do; GET /dead-letters shows when.".to_owned()
            }
            Self::StillUnusable { .. } => "It is kept; mend the cause, then replay it.".to_owned(),
            Self::NothingToRetry { store, .. } => {
                format!("Change the store with PATCH /stores/{store}, or leave it as it is.")
            }
            Self::NothingToCancel {
                kind: OperationKind::Delete,
                status: OperationStatus::Succeeded,
                ..
            } => "It is gone; ask for another one with POST /stores.".to_owned(),
            Self::NothingToCancel {
                store,
                kind: OperationKind::Delete,
                ..
            } => format!("Finish its removal with POST /stores/{store}/retry."),
            Self::NothingToCancel { store, .. } => format!(
                "Change the store back with PATCH /stores/{store}, or remove it with DELETE /stores/{store}."
            ),
            Self::NotCancellable { store, kind } => match kind {
                OperationKind::Delete => {
                    "What was removed cannot be brought back; wait until it is gone.".to_owned()
                }
                OperationKind::Create
                | OperationKind::Update
                | OperationKind::Rollback
                | OperationKind::Suspend
                | OperationKind::Resume => {
                    format!(
                        "Wait until it has ended, or remove the store with DELETE /stores/{store}."
                    )
                }
            },
        }
    }
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
}

/// What a cancel does.
///
/// # Errors
/// [`Refusal`].
pub fn cancel(store: &StoreRecord, newest: &OperationRecord) -> Result<Cancel, Refusal> {
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
