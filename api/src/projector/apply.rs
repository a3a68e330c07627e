//! One event, one transaction. The rule itself is in `rule.rs`.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, DbBackend, EntityTrait as _,
    QueryFilter as _, QuerySelect as _, Statement,
};
use shared::contract::envelope::{Envelope, Undecodable};
use shared::contract::event::EventBody;
use shared::ids::{OperationId, StoreId};
use shared::store_status::StoreStatus;
use time::{Duration, OffsetDateTime};

use crate::audit;
use crate::db::{Database, DbError, MaybeDatabase};
use crate::entity::{operation, operation_step, store};
use crate::outbox::{self, Again};
use crate::projector::facts;
use crate::projector::rule::{self, Changes, CommandChange, Unfit};
use crate::projector::timeline;
use crate::record::rows::{now, to_i32, to_micros};
use crate::record::{OperationRecord, StepRecord, StoreRecord};
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

impl From<sea_orm::DbErr> for ApplyError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Database(error.into())
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
    let event = &event;
    db.transaction(async |tx| {
        let Some(row) = lock_store(tx, event).await? else {
            return Err(ApplyError::UnknownOperation(event.operation_id));
        };
        let store = StoreRecord::try_from(&row)?;
        let operation = find_operation(tx, event).await?;
        heard(tx, event).await?;
        let first_time = note(tx, event).await?;
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
    let escaped = std::str::from_utf8(payload).is_ok_and(|text| text.contains("\\u0000"));
    let mut event = if escaped {
        let text = String::from_utf8_lossy(payload).replace("\\u0000", "\\ufffd");
        Envelope::<EventBody>::decode(text.as_bytes())?
    } else {
        Envelope::<EventBody>::decode(payload)?
    };
    event.sent_at = to_micros(event.sent_at);
    Ok(event)
}

/// All events of a store go one after another.
async fn lock_store(
    tx: &DatabaseTransaction,
    event: &Envelope<EventBody>,
) -> Result<Option<store::Model>, DbError> {
    let row = store::Entity::find_by_id(event.store_id.as_str())
        .filter(store::Column::TenantId.eq(event.tenant_id.0))
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row)
}

async fn find_operation(
    tx: &DatabaseTransaction,
    event: &Envelope<EventBody>,
) -> Result<OperationRecord, ApplyError> {
    let row = operation::Entity::find_by_id(event.operation_id.0)
        .filter(operation::Column::StoreId.eq(event.store_id.as_str()))
        .one(tx)
        .await?
        .ok_or(ApplyError::UnknownOperation(event.operation_id))?;
    Ok(OperationRecord::try_from(&row)?)
}

async fn find_step(
    tx: &DatabaseTransaction,
    event: &Envelope<EventBody>,
) -> Result<Option<StepRecord>, ApplyError> {
    let Some(step) = timeline::step_of(&event.body) else {
        return Ok(None);
    };
    let key = (
        event.operation_id.0,
        to_i32(event.attempt),
        step.as_str().to_owned(),
    );
    let row = operation_step::Entity::find_by_id(key).one(tx).await?;
    Ok(row.as_ref().map(StepRecord::try_from).transpose()?)
}

/// A sign of life, also where the event itself is known.
async fn heard(tx: &DatabaseTransaction, event: &Envelope<EventBody>) -> Result<(), DbError> {
    const HEARD: &str = "UPDATE operations SET last_heard_at = now() WHERE id = $1";
    let values = [event.operation_id.0.into()];
    tx.execute_raw(Statement::from_sql_and_values(
        DbBackend::Postgres,
        HEARD,
        values,
    ))
    .await?;
    Ok(())
}

/// Write the event into the inbox; `false` if it is there.
async fn note(tx: &DatabaseTransaction, event: &Envelope<EventBody>) -> Result<bool, DbError> {
    const NOTE: &str = "INSERT INTO inbox (event_id) VALUES ($1) ON CONFLICT DO NOTHING";
    let values = [event.event_id().0.into()];
    let result = tx
        .execute_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            NOTE,
            values,
        ))
        .await?;
    Ok(result.rows_affected() > 0)
}

async fn save_step(
    tx: &DatabaseTransaction,
    event: &Envelope<EventBody>,
    known: Option<&StepRecord>,
    changes: &Changes,
) -> Result<(), DbError> {
    use operation_step::Column;
    let Some(step) = changes.step.as_ref().filter(|step| Some(*step) != known) else {
        return Ok(());
    };
    let replace = OnConflict::columns([Column::OperationId, Column::Attempt, Column::Step])
        .update_columns([
            Column::StartedAt,
            Column::FinishedAt,
            Column::Outcome,
            Column::Changed,
            Column::Waiting,
            Column::WaitingAt,
        ])
        .to_owned();
    operation_step::Entity::insert(step.to_row(event.operation_id))
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
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

/// The columns that follow from reports.
///
/// # Errors
/// The database's.
pub async fn save_operation(
    tx: &DatabaseTransaction,
    record: &OperationRecord,
) -> Result<(), DbError> {
    operation::Entity::update_many()
        .set(record.to_row())
        .filter(operation::Column::Id.eq(record.id.0))
        .exec(tx)
        .await?;
    Ok(())
}

/// Compare-and-set on the generation that was read.
///
/// # Errors
/// The database's.
pub async fn save_store(
    tx: &DatabaseTransaction,
    row: &store::Model,
    record: &StoreRecord,
) -> Result<(), DbError> {
    store::Entity::update_many()
        .set(record.to_row(row, now()))
        .filter(store::Column::Id.eq(row.id.as_str()))
        .filter(store::Column::Generation.eq(row.generation))
        .exec(tx)
        .await?;
    Ok(())
}

async fn change_command(
    tx: &DatabaseTransaction,
    engine: &EngineSettings,
    operation: &OperationRecord,
    change: CommandChange,
) -> Result<(), DbError> {
    let keep = Again {
        at: now(),
        attempt: None,
        generation: None,
        not_after: None,
        budget_ms: None,
    };
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

fn bounded(until: OffsetDateTime) -> OffsetDateTime {
    let now = now();
    until.clamp(now, now + MAX_DEFERRAL)
}
