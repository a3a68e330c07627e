//! One event, one transaction. The rule itself is in `rule.rs`.

use std::borrow::Cow;

use sea_orm::DatabaseTransaction;
use shared::contract::envelope::{Envelope, Undecodable};
use shared::contract::event::EventBody;
use shared::ids::{OperationId, StoreId};
use shared::store_status::StoreStatus;
use time::{Duration, OffsetDateTime};

use crate::audit;
use crate::db::{Database, DbError, MaybeDatabase};
use crate::entity::store;
use crate::metrics::METRICS;
use crate::outbox::{self, Again};
use crate::projector::believed::believed;
use crate::projector::facts;
use crate::projector::ledger::{
    find_operation, find_step, heard, lock_store, note, save_operation, save_step, save_store,
};
use crate::projector::rule::{self, Changes, CommandChange, Unfit};
use crate::record::rows::{now, to_micros};
use crate::record::{OperationRecord, StoreRecord};
use crate::settings::EngineSettings;

/// A worker's clock is not trusted further than this.
const MAX_DEFERRAL: Duration = Duration::minutes(5);

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It was known.
    Duplicate,
    /// It was taken in.
    Changed { store: StoreId, status: StoreStatus },
}

/// An event that was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Not a message of ours.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// About something this database does not know.
    #[error("no operation `{0}` of that store and tenant is known")]
    UnknownOperation(OperationId),
    /// It cannot belong to its operation.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The database's fault.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl ApplyError {
    /// Whether it will be the same however often it is tried.
    pub fn lasting(&self) -> bool {
        match self {
            Self::Undecodable(_) | Self::UnknownOperation(_) | Self::Unfit(_) => true,
            Self::Database(error) => error.lasting(),
        }
    }
}

impl MaybeDatabase for ApplyError {
    fn database(&self) -> Option<&DbError> {
        match self {
            Self::Database(error) => Some(error),
            Self::Undecodable(_) | Self::UnknownOperation(_) | Self::Unfit(_) => None,
        }
    }
}

impl From<crate::record::rows::UnreadableRow> for ApplyError {
    fn from(error: crate::record::rows::UnreadableRow) -> Self {
        Self::Database(error.into())
    }
}

/// Take an event in.
///
/// Effect: inbox, step, operation, store, outbox and audit, or nothing.
/// Repeating it: only notes that the operation was heard of. Fails when: the
/// event cannot be used, or the database is away.
///
/// # Errors
/// [`ApplyError`].
pub async fn apply(
    db: &Database,
    engine: &EngineSettings,
    payload: &[u8],
) -> Result<Applied, ApplyError> {
    let event = decode(payload)?;
    let span = tracing::Span::current();
    span.record("store.id", event.store_id.as_str());
    span.record("operation.id", event.operation_id.to_string());
    span.record("event", event.body.kind());
    let applied = take_in(db, engine, &event).await?;
    METRICS.event(event.body.kind(), applied == Applied::Duplicate);
    Ok(applied)
}

async fn take_in(
    db: &Database,
    engine: &EngineSettings,
    event: &Envelope<EventBody>,
) -> Result<Applied, ApplyError> {
    db.transaction(async |tx| {
        let unknown = || ApplyError::UnknownOperation(event.operation_id);
        let row = lock_store(tx, event).await?.ok_or_else(unknown)?;
        let store = StoreRecord::try_from(&row)?;
        let operation = find_operation(tx, event).await?.ok_or_else(unknown)?;
        heard(tx, event).await?;
        let first_time = note(tx, event).await?;
        let event = believed(&operation, event);
        let event = event.as_ref();
        let step = find_step(tx, event).await?;
        let changes = rule::project(&store, &operation, step.as_ref(), event)?;
        save_step(tx, event, step.as_ref(), &changes).await?;
        if !first_time {
            return Ok(Applied::Duplicate);
        }
        save(tx, engine, &row, (&store, &operation), &changes).await?;
        let facts = facts::of(event, (&store, &operation, step.as_ref()), &changes);
        audit::append(tx, &facts).await?;
        Ok(Applied::Changed {
            store: store.id,
            status: changes.store.status,
        })
    })
    .await
}

/// The event, in what Postgres can keep: no NUL characters, microseconds.
fn decode(payload: &[u8]) -> Result<Envelope<EventBody>, Undecodable> {
    let mut event = Envelope::<EventBody>::decode(&readable(payload))?;
    event.sent_at = to_micros(event.sent_at);
    Ok(event)
}

/// The JSON text without NUL characters, which Postgres cannot keep.
pub fn readable(payload: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(payload) {
        Ok(text) if text.contains("\\u0000") => {
            Cow::Owned(text.replace("\\u0000", "\\ufffd").into_bytes())
        }
        Ok(_) | Err(_) => Cow::Borrowed(payload),
    }
}

async fn save(
    tx: &DatabaseTransaction,
    engine: &EngineSettings,
    row: &store::Model,
    (store, operation): (&StoreRecord, &OperationRecord),
    changes: &Changes,
) -> Result<(), DbError> {
    if changes.operation != *operation {
        save_operation(tx, &changes.operation).await?;
    }
    if changes.store != *store {
        save_store(tx, row, &changes.store).await?;
    }
    change_command(tx, engine, &changes.operation, changes.command).await
}

async fn change_command(
    tx: &DatabaseTransaction,
    engine: &EngineSettings,
    operation: &OperationRecord,
    change: CommandChange,
) -> Result<(), DbError> {
    let keep = Again::now();
    if let Some(reason) = again_because(change) {
        METRICS.said_again(reason, 1);
    }
    let again = match change {
        CommandChange::Keep => return Ok(()),
        CommandChange::Settle => return outbox::settle(tx, operation.id).await,
        CommandChange::Retry { attempt, failures } => {
            let wait = engine.retry().jittered(failures);
            let left = operation.deadline_at().map(|deadline| deadline - now());
            Again {
                at: now() + wait,
                attempt: Some(attempt),
                not_after: operation
                    .deadline_at()
                    .map(|at| at.min(operation.not_after)),
                budget_ms: left.map(|left| u64::try_from(left.whole_milliseconds()).unwrap_or(0)),
                ..keep
            }
        }
        CommandChange::Defer { until } => Again {
            at: bounded(until),
            ..keep
        },
        CommandChange::Reissue { generation } => Again {
            generation: Some(generation),
            ..keep
        },
    };
    outbox::say_again(tx, operation.id, again).await
}

fn again_because(change: CommandChange) -> Option<&'static str> {
    match change {
        CommandChange::Keep | CommandChange::Settle => None,
        CommandChange::Retry { .. } => Some("retry"),
        CommandChange::Defer { .. } => Some("deferral"),
        CommandChange::Reissue { .. } => Some("reissue"),
    }
}

fn bounded(until: OffsetDateTime) -> OffsetDateTime {
    let now = now();
    until.clamp(now, now + MAX_DEFERRAL)
}
