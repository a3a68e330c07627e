//! How a wish ends the operation that is open: closed at once, and whoever works
//! on it is told to stop. To be called inside the wish's transaction.

use sea_orm::DatabaseTransaction;
use shared::contract::control::StopReason;
use shared::failure::{Failure, FailureCode};
use shared::ids::Generation;
use shared::operation::{OperationKind, OperationStatus};

use crate::db::DbError;
use crate::outbox;
use crate::projector::ledger;
use crate::record::rows::now;
use crate::record::{EndedBy, OperationRecord, StoreRecord};

/// Why it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A delete takes its place.
    Superseded,
    /// Its owner cancelled it.
    Cancelled,
}

/// What becomes of a store that was cancelled before it was ever ready.
const CLEARED: &str = "It was never ready: its pods and volumes are removed, its record stays.";

/// Whether nothing of the store is anybody's data yet.
fn is_never_ready(store: &StoreRecord, operation: &OperationRecord) -> bool {
    operation.kind == OperationKind::Create && !store.ever_ready
}

/// End an open operation.
///
/// Effect: it is closed and no report changes it any more; its command is unsaid;
/// a control message with the new generation is to be sent.
///
/// # Errors
/// [`DbError`].
pub async fn stop(
    tx: &DatabaseTransaction,
    store: &StoreRecord,
    operation: &OperationRecord,
    stop: Stop,
    generation: Generation,
) -> Result<OperationRecord, DbError> {
    let mut ended = operation.clone();
    ended.finished_at = Some(now());
    // A delete removes everything by itself.
    let clear = stop == Stop::Cancelled && is_never_ready(store, operation);
    let reason = match stop {
        Stop::Superseded => {
            ended.ended_by = Some(EndedBy::Delete);
            ended.status = OperationStatus::Superseded;
            StopReason::Superseded
        }
        Stop::Cancelled => {
            ended.ended_by = Some(EndedBy::Cancel);
            ended.status = OperationStatus::Cancelled;
            let left = if clear { CLEARED } else { "" };
            ended.failure = Some(Failure::new(FailureCode::Cancelled, left));
            StopReason::Cancelled
        }
    };
    ledger::save_operation(tx, &ended).await?;
    outbox::settle(tx, operation.id).await?;
    outbox::enqueue_control(tx, store, operation.id, generation, reason, clear).await?;
    tracing::debug!(operation.id = %operation.id, %generation, ?stop, "ended by a later wish");
    Ok(ended)
}
