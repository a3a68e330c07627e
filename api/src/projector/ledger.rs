//! The projector's reads and writes, one statement each; no rule.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, DbBackend, EntityTrait as _,
    QueryFilter as _, QuerySelect as _, Statement,
};
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::fault;
use uuid::Uuid;

use crate::db::DbError;
use crate::entity::{operation, operation_step, store};
use crate::projector::rule::Changes;
use crate::projector::timeline;
use crate::record::rows::{now, to_i32};
use crate::record::{OperationRecord, StepRecord, StoreRecord};

/// All events of a store go one after another.
pub async fn lock_store(
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

/// The operation that an event is about.
pub async fn find_operation(
    tx: &DatabaseTransaction,
    event: &Envelope<EventBody>,
) -> Result<Option<OperationRecord>, DbError> {
    let row = operation::Entity::find_by_id(event.operation_id.0)
        .filter(operation::Column::StoreId.eq(event.store_id.as_str()))
        .one(tx)
        .await?;
    Ok(row.as_ref().map(OperationRecord::try_from).transpose()?)
}

/// What is known of the step that an event is about.
pub async fn find_step(
    tx: &DatabaseTransaction,
    event: &Envelope<EventBody>,
) -> Result<Option<StepRecord>, DbError> {
    let Some((step, run)) = timeline::step_of(&event.body) else {
        return Ok(None);
    };
    let key = (
        event.operation_id.0,
        to_i32(event.attempt),
        step.as_str().to_owned(),
        to_i32(run),
    );
    let row = operation_step::Entity::find_by_id(key).one(tx).await?;
    Ok(row.as_ref().map(StepRecord::try_from).transpose()?)
}

/// A sign of life, also where the event itself is known.
pub async fn heard(tx: &DatabaseTransaction, event: &Envelope<EventBody>) -> Result<(), DbError> {
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
pub async fn note(tx: &DatabaseTransaction, event: &Envelope<EventBody>) -> Result<bool, DbError> {
    note_id(tx, event.event_id().0).await
}

/// The same of anything that has an identity of its own.
pub async fn note_id(tx: &DatabaseTransaction, id: Uuid) -> Result<bool, DbError> {
    const NOTE: &str = "INSERT INTO inbox (event_id) VALUES ($1) ON CONFLICT DO NOTHING";
    let values = [id.into()];
    let result = tx
        .execute_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            NOTE,
            values,
        ))
        .await?;
    Ok(result.rows_affected() > 0 || fault::without("inbox"))
}

/// The step, if the event changed it.
pub async fn save_step(
    tx: &DatabaseTransaction,
    event: &Envelope<EventBody>,
    known: Option<&StepRecord>,
    changes: &Changes,
) -> Result<(), DbError> {
    use operation_step::Column;
    let Some(step) = changes.step.as_ref().filter(|step| Some(*step) != known) else {
        return Ok(());
    };
    let replace = OnConflict::columns([
        Column::OperationId,
        Column::Attempt,
        Column::Step,
        Column::Run,
    ])
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
