//! `DELETE /stores/{id}`: legal from every status. It takes the place of
//! whatever is open, under the next generation.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use shared::contract::command::Goal;
use shared::contract::control::StopReason;
use shared::ids::{Generation, OperationId, StoreId};
use shared::operation::{OperationKind, OperationStatus};
use shared::store_status::StoreStatus;

use crate::audit::{self, NewAuditEvent};
use crate::db::Database;
use crate::entity::{operation, store};
use crate::outbox;
use crate::projector::status;
use crate::record::rows::{now, to_json};
use crate::record::{EndedBy, OperationRecord, StoreRecord};
use crate::settings::EngineSettings;
use crate::stores::find::{self, FoundOperation};
use crate::stores::intent::{self, Intent};
use crate::stores::{Caller, StoreError};

/// What came of it.
#[derive(Debug)]
pub enum Deletion {
    /// It is on its way; this operation does it.
    Accepted(Box<FoundOperation>),
    /// It was gone before.
    Gone,
}

/// Ask for a store's removal.
///
/// Effect: the open operation is Superseded; the store is Deleting under the
/// next generation; a control message and a command are to be sent.
/// Repeating it: the same operation, nothing written. Fails when: no such store.
///
/// # Errors
/// [`StoreError`].
pub async fn delete(
    db: &Database,
    engine: &EngineSettings,
    caller: &Caller,
    id: &StoreId,
) -> Result<Deletion, StoreError> {
    db.transaction(async |tx| {
        let row = find::locked(tx, caller, id).await?;
        let store = StoreRecord::try_from(&row)?;
        if store.status == StoreStatus::Deleted {
            return Ok(Deletion::Gone);
        }
        let current = find::operation(tx, caller, store.current_operation_id).await?;
        let operation = OperationRecord::try_from(&current.operation)?;
        if operation.is_open() && operation.kind == OperationKind::Delete {
            return Ok(Deletion::Accepted(Box::new(current)));
        }

        let mut events = Vec::new();
        let generation = store.generation.next();
        let operation_id = OperationId::new();
        if operation.is_open() {
            supersede(tx, &operation, generation).await?;
            outbox::enqueue_control(tx, &store, operation.id, generation, StopReason::Superseded)
                .await?;
            let by = json!({ "kind": operation.kind, "by": operation_id });
            events.push(event(
                caller,
                &store,
                operation.id,
                "operation.superseded",
                by,
            ));
        }
        let intent = Intent {
            operation_id,
            store_id: id.clone(),
            kind: OperationKind::Delete,
            generation,
            goal: Goal::Absent,
            ever_ready: store.ever_ready,
            at: now(),
        };
        let operation = intent::record(tx, caller, engine, intent).await?;
        turn(tx, &row, operation_id, generation).await?;
        let details = json!({ "status": store.status, "generation": generation });
        events.push(event(
            caller,
            &store,
            operation_id,
            "store.delete.requested",
            details,
        ));
        audit::append(tx, &events).await?;
        Ok(Deletion::Accepted(Box::new(FoundOperation::fresh(
            operation,
        ))))
    })
    .await
}

/// End the open operation, and unsay its command.
async fn supersede(
    tx: &DatabaseTransaction,
    operation: &OperationRecord,
    by: Generation,
) -> Result<(), StoreError> {
    let mut ended = operation.clone();
    ended.ended_by = Some(EndedBy::Delete);
    ended.status = OperationStatus::Superseded;
    ended.finished_at = Some(now());
    operation::Entity::update_many()
        .set(ended.to_row())
        .filter(operation::Column::Id.eq(operation.id.0))
        .exec(tx)
        .await?;
    outbox::settle(tx, operation.id).await?;
    tracing::debug!(operation.id = %operation.id, generation = %by, "superseded by a delete");
    Ok(())
}

/// Turn the store to its new operation.
async fn turn(
    tx: &DatabaseTransaction,
    row: &store::Model,
    operation: OperationId,
    generation: Generation,
) -> Result<(), StoreError> {
    let deleting = status::of(OperationKind::Delete, OperationStatus::Queued);
    let change = store::ActiveModel {
        status: Set(deleting.as_str().to_owned()),
        generation: Set(generation.0),
        current_operation_id: Set(operation.0),
        failure: Set(None),
        version: Set(row.version + 1),
        updated_at: Set(now()),
        ..Default::default()
    };
    store::Entity::update_many()
        .set(change)
        .filter(store::Column::Id.eq(row.id.as_str()))
        .filter(store::Column::Generation.eq(row.generation))
        .exec(tx)
        .await?;
    Ok(())
}

fn event(
    caller: &Caller,
    store: &StoreRecord,
    operation: OperationId,
    action: &'static str,
    details: Value,
) -> NewAuditEvent {
    NewAuditEvent {
        tenant_id: caller.tenant,
        store_id: Some(store.id.clone()),
        operation_id: Some(operation),
        actor: caller.actor.clone(),
        request_id: Some(caller.request_id),
        action,
        outcome: "accepted".to_owned(),
        details: to_json(&details),
    }
}
