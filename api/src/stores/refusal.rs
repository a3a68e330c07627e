//! Why a wish is not granted, in words for the person who made it, and what to
//! do about it. Decides nothing (legal.rs and access/limits.rs do). Pure.

use shared::ids::{OperationId, StoreId};
use shared::operation::{OperationKind, OperationStatus};
use shared::store_status::StoreStatus;
use uuid::Uuid;

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
    /// The tenant has all the stores it may have.
    #[error("your tenant has {taken} stores and may have {limit}")]
    StoreLimit {
        /// How many there are.
        taken: i64,
        /// How many there may be.
        limit: i64,
    },
    /// As much is being done for the tenant as may be at once.
    #[error("{taken} operations of your tenant are open, and {limit} may be at once")]
    OperationLimit {
        /// How many there are.
        taken: i64,
        /// How many there may be.
        limit: i64,
    },
    /// Its versions never changed.
    #[error("there is nothing to roll back: the versions of `{store}` never changed")]
    NothingToRollBack {
        /// Whose.
        store: StoreId,
    },
    /// Its chart does not know of this yet.
    #[error("`{store}` runs the chart {chart}, which cannot do that; {needs} can")]
    ChartTooOld {
        /// Whose.
        store: StoreId,
        /// What it runs.
        chart: String,
        /// From which on it works.
        needs: &'static str,
    },
    /// The platform has no key to sign with.
    #[error("this platform gives no login links")]
    LoginLinksOff,
    /// The store does not have the platform's key.
    #[error("`{store}` does not know the key of this platform's login links")]
    NoLoginKey {
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
    /// The tenant has all the webhooks it may have.
    #[error("your tenant has as many webhooks as it may have (20)")]
    WebhookLimit,
    /// Nothing is sent to it.
    #[error("the webhook {webhook} is disabled")]
    WebhookDisabled {
        /// Which.
        webhook: Uuid,
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
            Self::StoreLimit { .. } => "store_limit",
            Self::OperationLimit { .. } => "operation_limit",
            Self::NothingToRollBack { .. } => "nothing_to_roll_back",
            Self::ChartTooOld { .. } => "chart_too_old",
            Self::LoginLinksOff => "login_links_off",
            Self::NoLoginKey { .. } => "no_login_key",
            Self::Protected { .. } => "deletion_protected",
            Self::TooManyLabels { .. } => "too_many_labels",
            Self::WebhookLimit => "webhook_limit",
            Self::WebhookDisabled { .. } => "webhook_disabled",
            Self::AlreadyReplayed { .. } => "already_replayed",
            Self::StillUnusable { .. } => "still_unusable",
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::StoreLimit { .. } => {
                "Delete one, or ask whoever runs the platform for more.".to_owned()
            }
            Self::OperationLimit { .. } => {
                "Nothing was done; ask again when one of them has ended.".to_owned()
            }
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
            Self::ChartTooOld { store, .. } | Self::NoLoginKey { store } => {
                format!("Upgrade it first, with POST /stores/{store}/upgrade.")
            }
            Self::LoginLinksOff => {
                "Whoever runs it has to set URUMI_LOGIN_SIGNING_KEY, and to upgrade the stores."
                    .to_owned()
            }
            Self::Protected { store } => format!(
                "Lift that first: PATCH /stores/{store} with {{\"deletion_protection\": false}}."
            ),
            Self::TooManyLabels { .. } => {
                "Take others away in the same request, by giving them as null.".to_owned()
            }
            Self::WebhookLimit => "Delete one, or change it with PATCH /webhooks/{id}.".to_owned(),
            Self::WebhookDisabled { webhook } => {
                format!("Enable it first: PATCH /webhooks/{webhook} with {{\"enabled\": true}}.")
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
