//! What every accepted wish writes: an operation and its command, and the store's
//! turn to them. To be called inside the wish's transaction.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{DatabaseTransaction, EntityTrait as _};
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::ids::{Generation, MessageId, OperationId, StoreId};
use shared::operation::{OperationKind, OperationStatus};
use shared::telemetry::trace;
use time::{Duration, OffsetDateTime};

use crate::access::limits::{self, Own, Room};
use crate::db::DbError;
use crate::entity::{operation, store};
use crate::outbox;
use crate::projector::{ledger, status};
use crate::record::StoreRecord;
use crate::record::rows::{now, to_i32, to_json, to_millis};
use crate::settings::EngineSettings;
use crate::stores::refusal::Refusal;
use crate::stores::{Caller, StoreError};

/// A wish about one store, accepted.
#[derive(Debug, Clone)]
pub struct Intent {
    pub operation_id: OperationId,
    pub store_id: StoreId,
    pub kind: OperationKind,
    pub generation: Generation,
    pub goal: Goal,
    pub ever_ready: bool,
    pub at: OffsetDateTime,
}

/// Effect: one operation, Queued, and its first command in the outbox.
/// Fails when: another operation of the store is open.
///
/// # Errors
/// [`DbError`].
pub async fn record(
    tx: &DatabaseTransaction,
    caller: &Caller,
    engine: &EngineSettings,
    intent: Intent,
) -> Result<operation::Model, DbError> {
    let start_within = Duration::try_from(engine.start_within()).unwrap_or(Duration::DAY);
    let not_after = intent.at + start_within;
    let budget_ms = to_millis(engine.budget());
    let row = operation::ActiveModel {
        id: Set(intent.operation_id.0),
        store_id: Set(intent.store_id.to_string()),
        tenant_id: Set(caller.tenant.0),
        kind: Set(intent.kind.as_str().to_owned()),
        status: Set(OperationStatus::Queued.as_str().to_owned()),
        generation: Set(intent.generation.0),
        spec: Set(match &intent.goal {
            Goal::Present { spec } => Some(to_json(spec)),
            Goal::Absent => None,
        }),
        attempt: Set(1),
        max_attempts: Set(to_i32(engine.operation_max_attempts.max(1))),
        budget_ms: Set(budget_ms),
        outcomes: Set(serde_json::json!([])),
        deferrals: NotSet,
        ended_by: Set(None),
        failure: Set(None),
        actor: Set(caller.actor.clone()),
        request_id: Set(caller.request_id.0),
        created_at: Set(intent.at),
        not_after: Set(not_after),
        not_before: NotSet,
        started_at: NotSet,
        finished_at: NotSet,
        last_heard_at: NotSet,
        deadline_at: NotSet,
        traceparent: Set(trace::here()),
    };
    let operation = operation::Entity::insert(row)
        .exec_with_returning(tx)
        .await?;

    let command = Envelope {
        id: MessageId::new(),
        store_id: intent.store_id,
        tenant_id: caller.tenant,
        operation_id: intent.operation_id,
        generation: intent.generation,
        attempt: 1,
        sent_at: intent.at,
        body: Command {
            kind: intent.kind,
            goal: intent.goal,
            ever_ready: intent.ever_ready,
            not_after,
            budget_ms: budget_ms.unsigned_abs(),
        },
    };
    outbox::enqueue_command(tx, &command).await?;
    Ok(operation)
}

/// Whether one more operation of the tenant may be open. To be asked by every wish
/// that begins one for its own sake; a delete and a way back are always free.
///
/// # Errors
/// [`Refusal::OperationLimit`], or the database's.
pub async fn room(
    tx: &DatabaseTransaction,
    caller: &Caller,
    engine: &EngineSettings,
) -> Result<(), StoreError> {
    let own = limits::own(tx, caller.tenant).await?;
    room_within(tx, caller, engine, own).await
}

/// The same, where the tenant's own bounds are known.
///
/// # Errors
/// [`Refusal::OperationLimit`], or the database's.
pub async fn room_within(
    tx: &DatabaseTransaction,
    caller: &Caller,
    engine: &EngineSettings,
    own: Own,
) -> Result<(), StoreError> {
    match limits::operations(tx, engine, caller.tenant, own).await? {
        Some(Room { taken, limit }) if taken >= limit => {
            Err(Refusal::OperationLimit { taken, limit }.into())
        }
        _ => Ok(()),
    }
}

/// What a store that is there turns to.
#[derive(Debug, Clone)]
pub struct Turn {
    pub kind: OperationKind,
    pub generation: Generation,
    pub goal: Goal,
}

/// Turn a store to a new operation. `row` is locked, and nothing of it is open.
///
/// Effect: the operation and its command; the store follows it, under its
/// generation and with the spec that it asks for.
///
/// # Errors
/// [`DbError`].
pub async fn begin(
    tx: &DatabaseTransaction,
    caller: &Caller,
    engine: &EngineSettings,
    row: &store::Model,
    turn: Turn,
) -> Result<OperationId, DbError> {
    let operation_id = OperationId::new();
    let mut store = StoreRecord::try_from(row)?;
    store.status = status::of(turn.kind, OperationStatus::Queued);
    store.generation = turn.generation;
    store.current_operation_id = operation_id;
    store.failure = None;
    if let Goal::Present { spec } = &turn.goal {
        store.spec = spec.clone();
    }
    let intent = Intent {
        operation_id,
        store_id: store.id.clone(),
        kind: turn.kind,
        generation: turn.generation,
        goal: turn.goal,
        ever_ready: store.ever_ready,
        at: now(),
    };
    record(tx, caller, engine, intent).await?;
    ledger::save_store(tx, row, &store).await?;
    Ok(operation_id)
}
