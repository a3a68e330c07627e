//! The outbox: what is still to be said to workers, written in the transaction
//! of its cause, in its trace. The backlog is here, not in the broker. The only writes to the
//! table but for the relay's own marks (`outbox/window.rs`).

pub mod relay;
pub mod window;

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _};
use shared::amqp::topology::{COMMANDS, CONTROL};
use shared::contract::command::Command;
use shared::contract::control::{Control, StopReason};
use shared::contract::envelope::Envelope;
use shared::ids::{Generation, MessageId, OperationId};
use shared::telemetry::trace;
use time::OffsetDateTime;

use crate::db::DbError;
use crate::entity::outbox_message::{ActiveModel, Column, Entity};
use crate::record::StoreRecord;
use crate::record::rows::{from_json, now, to_i32, to_micros};

/// A job for workers.
pub const COMMAND: &str = "command";
/// A word to whoever works on an older generation.
pub const CONTROL_KIND: &str = "control";

/// Write an operation's command.
///
/// # Errors
/// The database's, such as a second command for one operation.
pub async fn enqueue_command(
    tx: &DatabaseTransaction,
    command: &Envelope<Command>,
) -> Result<(), DbError> {
    insert(tx, COMMAND, COMMANDS.routing_key, command, None).await
}

/// Write that everything of an older generation shall stop.
///
/// # Errors
/// The database's.
pub async fn enqueue_control(
    tx: &DatabaseTransaction,
    store: &StoreRecord,
    stopped: OperationId,
    generation: Generation,
    reason: StopReason,
    clear: bool,
) -> Result<(), DbError> {
    let body = Control {
        reason,
        clear,
        logins_since: None,
    };
    let control = control(store, stopped, generation, body);
    insert(tx, CONTROL_KIND, CONTROL.routing_key, &control, None).await
}

/// Write that a worker shall say, at that moment, what a store's logs tell of login
/// links since the other one.
///
/// # Errors
/// The database's.
pub async fn enqueue_logins(
    tx: &DatabaseTransaction,
    store: &StoreRecord,
    since: OffsetDateTime,
    at: OffsetDateTime,
) -> Result<(), DbError> {
    let body = Control {
        reason: StopReason::Expired,
        clear: false,
        logins_since: Some(since),
    };
    let control = control(store, store.current_operation_id, store.generation, body);
    insert(tx, CONTROL_KIND, CONTROL.routing_key, &control, Some(at)).await
}

fn control(
    store: &StoreRecord,
    operation: OperationId,
    generation: Generation,
    body: Control,
) -> Envelope<Control> {
    Envelope {
        id: MessageId::new(),
        store_id: store.id.clone(),
        tenant_id: store.tenant_id,
        operation_id: operation,
        generation,
        attempt: 1,
        sent_at: now(),
        body,
    }
}

async fn insert<T: serde::Serialize>(
    tx: &DatabaseTransaction,
    kind: &'static str,
    routing_key: &'static str,
    envelope: &Envelope<T>,
    not_before: Option<OffsetDateTime>,
) -> Result<(), DbError> {
    let row = ActiveModel {
        next_attempt_at: not_before.map_or(NotSet, Set),
        kind: Set(kind.to_owned()),
        store_id: Set(envelope.store_id.to_string()),
        tenant_id: Set(envelope.tenant_id.0),
        operation_id: Set(envelope.operation_id.0),
        message_id: Set(envelope.id.0),
        attempt: Set(to_i32(envelope.attempt)),
        routing_key: Set(routing_key.to_owned()),
        payload: Set(serde_json::to_value(envelope)?),
        traceparent: Set(trace::here()),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Nothing is left to say about this operation.
///
/// # Errors
/// The database's.
pub async fn settle(tx: &DatabaseTransaction, operation: OperationId) -> Result<(), DbError> {
    Entity::delete_many()
        .filter(Column::Kind.eq(COMMAND))
        .filter(Column::OperationId.eq(operation.0))
        .exec(tx)
        .await?;
    Ok(())
}

/// How a command is said again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// Not before.
    pub at: OffsetDateTime,
    /// As this attempt; `None` keeps it.
    pub attempt: Option<u32>,
    /// Under this generation; `None` keeps it.
    pub generation: Option<Generation>,
    /// Not to be begun after this moment; `None` keeps it.
    pub not_after: Option<OffsetDateTime>,
    /// Time left from its first step on; `None` keeps it.
    pub budget_ms: Option<u64>,
}

impl Again {
    /// At once, and otherwise as it is.
    pub fn now() -> Self {
        Self {
            at: now(),
            attempt: None,
            generation: None,
            not_after: None,
            budget_ms: None,
        }
    }
}

/// Say an operation's command again, as a new message. Does nothing if the
/// operation has none (any more).
///
/// # Errors
/// The database's.
pub async fn say_again(
    tx: &DatabaseTransaction,
    operation: OperationId,
    again: Again,
) -> Result<(), DbError> {
    let known = Entity::find()
        .filter(Column::Kind.eq(COMMAND))
        .filter(Column::OperationId.eq(operation.0))
        .one(tx)
        .await?;
    let Some(row) = known else {
        return Ok(());
    };
    let mut command: Envelope<Command> = from_json("outbox.payload", &row.payload)?;
    command.id = MessageId::new();
    command.sent_at = now();
    command.attempt = again.attempt.unwrap_or(command.attempt);
    command.generation = again.generation.unwrap_or(command.generation);
    command.body.not_after = again.not_after.unwrap_or(command.body.not_after);
    command.body.budget_ms = again.budget_ms.unwrap_or(command.body.budget_ms);
    let change = ActiveModel {
        message_id: Set(command.id.0),
        attempt: Set(to_i32(command.attempt)),
        payload: Set(serde_json::to_value(&command)?),
        next_attempt_at: Set(to_micros(again.at)),
        claimed_until: Set(None),
        dispatched_at: Set(None),
        ..Default::default()
    };
    Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}
