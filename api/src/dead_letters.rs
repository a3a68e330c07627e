//! Messages that nobody could use: read them, and try one again. They are the
//! platform's, not a tenant's, so whoever runs it sees all of them.

pub mod excerpt;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
};
use serde_json::json;
use shared::amqp::topology::{COMMANDS, CONTROL, EVENTS};
use shared::contract::command::Command;
use shared::contract::control::Control;
use shared::contract::envelope::Envelope;
use shared::telemetry::chain;
use uuid::Uuid;

use crate::audit::change;
use crate::db::{Database, DbError};
use crate::entity::parked_message::{ActiveModel, Column, Entity, Model};
use crate::entity::{operation, store};
use crate::idempotency::Answer;
use crate::outbox::{self, Again};
use crate::paging::{Page, PageRequest, Place};
use crate::projector::apply;
use crate::record::rows::now;
use crate::record::{OperationRecord, StoreRecord};
use crate::settings::EngineSettings;
use crate::stores::keyset::newest_first;
use crate::stores::refusal::Refusal;
use crate::stores::wish::{self, Granted, Wish};
use crate::stores::{Caller, StoreError};

/// A page of them, newest first.
///
/// # Errors
/// The database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    _operator: &Caller,
    request: &PageRequest<Place<Uuid>>,
) -> Result<Page<Model, Place<Uuid>>, StoreError> {
    let query = newest_first(Entity::find(), (Column::ReceivedAt, Column::Id), request);
    let rows = query.all(db).await?;
    Ok(Page::new(rows, request, |row| Place {
        at: row.received_at,
        id: row.id,
    }))
}

/// Use a message after all: an event is taken in, a command or a control is said
/// again through the outbox.
///
/// Effect: what the message says, and the mark that it was replayed. Repeating it:
/// refused; and if it was used but not marked, it is known and only marked.
/// Fails when: it still cannot be used (it stays as it is), or is not there.
///
/// # Errors
/// [`StoreError`].
pub async fn replay(
    db: &Database,
    engine: &EngineSettings,
    id: Uuid,
    wish: Wish<'_>,
    answer: impl Fn(&Model) -> Result<Answer, DbError>,
) -> Result<Granted, StoreError> {
    let message = db
        .read(async |db| -> Result<_, StoreError> { Ok(Entity::find_by_id(id).one(db).await?) })
        .await?
        .ok_or(StoreError::NotFound)?;
    // An event has a transaction of its own; the inbox keeps it from counting twice.
    let known = if is(&message, [EVENTS.name, EVENTS.dead]) && message.replayed_at.is_none() {
        take_in(db, engine, &message).await?
    } else {
        Ok(())
    };
    let (message, known) = (&message, &known);
    let work = async |tx: &DatabaseTransaction| {
        mark(tx, id).await?;
        known.clone()?;
        say_again(tx, message).await?;
        let replayed = Entity::find_by_id(id).one(tx).await?;
        let replayed = replayed.ok_or(StoreError::NotFound)?;
        let used =
            |row: &Model| json!({ "replayed_at": row.replayed_at.map(|at| at.unix_timestamp()) });
        let details = json!({ "dead_letter": id, "queue": message.queue });
        let details = change::told(&used(message), &used(&replayed), details);
        let event = wish::event(wish.caller, None, None, "dead_letter.replayed", details);
        Ok((answer(&replayed)?, vec![event]))
    };
    let refused = |reason| wish::refused(wish.caller, None, "dead_letter.replay.refused", reason);
    wish::grant(db, wish, work, refused).await
}

fn is(message: &Model, queues: [&str; 2]) -> bool {
    queues.contains(&message.queue.as_str())
}

/// The inner error says that it cannot be used, now as before.
async fn take_in(
    db: &Database,
    engine: &EngineSettings,
    message: &Model,
) -> Result<Result<(), Refusal>, StoreError> {
    match apply::apply(db, engine, &message.payload).await {
        Ok(_) => Ok(Ok(())),
        Err(apply::ApplyError::Database(error)) if !error.lasting() => Err(error.into()),
        Err(error) => Ok(Err(unusable(chain(&error)))),
    }
}

async fn mark(tx: &DatabaseTransaction, id: Uuid) -> Result<(), StoreError> {
    let replayed = ActiveModel {
        replayed_at: Set(Some(now())),
        ..Default::default()
    };
    let marked = Entity::update_many()
        .set(replayed)
        .filter(Column::Id.eq(id))
        .filter(Column::ReplayedAt.is_null())
        .exec(tx)
        .await?;
    if marked.rows_affected == 0 {
        return Err(Refusal::AlreadyReplayed { message: id }.into());
    }
    Ok(())
}

/// A command as its operation has it now; a control as it was.
async fn say_again(tx: &DatabaseTransaction, message: &Model) -> Result<(), StoreError> {
    if is(message, [EVENTS.name, EVENTS.dead]) {
        return Ok(());
    }
    if is(message, [COMMANDS.name, COMMANDS.dead]) {
        let command = decoded::<Command>(message)?;
        let (_, operation) = about(tx, &command).await?;
        if !operation.is_open() {
            let ended = operation.status.as_str();
            return Err(unusable(format!(
                "its operation is {ended}, so nothing is left to do"
            ))
            .into());
        }
        return Ok(outbox::say_again(tx, operation.id, Again::now()).await?);
    }
    if is(message, [CONTROL.name, CONTROL.dead]) {
        let control = decoded::<Control>(message)?;
        let (store, operation) = about(tx, &control).await?;
        let (generation, reason) = (control.generation, control.body.reason);
        outbox::enqueue_control(tx, &store, operation.id, generation, reason, false).await?;
        return Ok(());
    }
    Err(unusable(format!("nothing is known of the queue `{}`", message.queue)).into())
}

fn decoded<T: serde::de::DeserializeOwned>(message: &Model) -> Result<Envelope<T>, Refusal> {
    Envelope::decode(&message.payload).map_err(|error| unusable(chain(&error)))
}

/// The store and the operation that it is about.
async fn about<T>(
    tx: &DatabaseTransaction,
    envelope: &Envelope<T>,
) -> Result<(StoreRecord, OperationRecord), StoreError> {
    let unknown = || unusable("it is about a store or an operation that is not known here");
    let store = store::Entity::find_by_id(envelope.store_id.as_str())
        .one(tx)
        .await?
        .ok_or_else(unknown)?;
    let operation = operation::Entity::find_by_id(envelope.operation_id.0)
        .filter(operation::Column::StoreId.eq(envelope.store_id.as_str()))
        .one(tx)
        .await?
        .ok_or_else(unknown)?;
    let store = StoreRecord::try_from(&store)?;
    Ok((store, OperationRecord::try_from(&operation)?))
}

fn unusable(reason: impl Into<String>) -> Refusal {
    let reason = reason.into();
    Refusal::StillUnusable { reason }
}
