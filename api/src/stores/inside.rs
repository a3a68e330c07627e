//! What only the cluster can say of a store at that moment: asked by way of a
//! worker, with a deadline. Nothing is kept of it.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use shared::amqp::{AskError, Asker};
use shared::contract::question::{Answer, Ask, Inside, Logs, Question};
use shared::ids::{MessageId, StoreId};
use time::OffsetDateTime;

use crate::stores::{Caller, StoreError, find};

/// Why nothing was said.
#[derive(Debug, thiserror::Error)]
pub enum Silence {
    /// No worker answered.
    #[error(transparent)]
    Asked(#[from] AskError),
    /// A worker did, and could not tell.
    #[error("a worker says: {0}")]
    Said(String),
    /// A worker spoke of something else.
    #[error("a worker answered another question")]
    Other,
}

/// Whether this caller may ask about that store.
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn known<C: ConnectionTrait>(
    db: &C,
    caller: &Caller,
    id: &StoreId,
) -> Result<(), StoreError> {
    find::exists(db, caller, id).await
}

/// Its pods, volumes and quota.
///
/// # Errors
/// [`Silence`].
pub async fn look(asker: &Asker, id: &StoreId, patience: Duration) -> Result<Inside, Silence> {
    match ask(asker, id, Ask::Inside {}, patience).await? {
        Answer::Inside(inside) => Ok(inside),
        Answer::Unreachable { message } => Err(Silence::Said(message)),
        Answer::Logs(_) => Err(Silence::Other),
    }
}

/// Its last lines; `wanted` is [`Ask::Logs`].
///
/// # Errors
/// [`Silence`].
pub async fn read(
    asker: &Asker,
    id: &StoreId,
    wanted: Ask,
    patience: Duration,
) -> Result<Logs, Silence> {
    match ask(asker, id, wanted, patience).await? {
        Answer::Logs(logs) => Ok(logs),
        Answer::Unreachable { message } => Err(Silence::Said(message)),
        Answer::Inside(_) => Err(Silence::Other),
    }
}

async fn ask(
    asker: &Asker,
    id: &StoreId,
    ask: Ask,
    patience: Duration,
) -> Result<Answer, AskError> {
    let question = Question {
        id: MessageId::new(),
        store_id: id.clone(),
        until: OffsetDateTime::now_utc() + patience,
        ask,
    };
    asker.ask(&question, patience).await
}
