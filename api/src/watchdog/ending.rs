//! How the api itself ends an operation whose time is up: closed at once, under
//! the next generation, so that nothing a worker still does or says counts.

use sea_orm::{
    ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _, QuerySelect as _,
};
use serde_json::json;
use shared::contract::command::Goal;
use shared::contract::control::StopReason;
use shared::operation::{OperationKind, OperationStatus};
use shared::store_spec::StoreSpec;

use crate::audit::{self, NewAuditEvent, PLATFORM, change};
use crate::db::{Database, DbError};
use crate::entity::{operation, operation_step, store};
use crate::outbox;
use crate::projector::{facts, ledger, settle, status};
use crate::record::rows::now;
use crate::record::{EndedBy, OperationRecord, StepRecord, StoreRecord};
use crate::settings::EngineSettings;
use crate::stores::Caller;
use crate::stores::intent::{self, Turn};
use crate::stores::life;

/// End an operation as Failed(Timeout), if it still is open.
///
/// Effect: operation Failed, store's generation raised and its status set, the
/// command unsaid, a control message to be sent, audit; after a change that ran
/// out of time also a Rollback, because whoever was at it left the cluster in
/// between. Repeating it: nothing.
///
/// # Errors
/// The database's.
pub async fn expire(
    db: &Database,
    engine: &EngineSettings,
    expired: &operation::Model,
) -> Result<(), DbError> {
    db.transaction(async |tx| {
        let Some(row) = lock(tx, &expired.store_id).await? else {
            return Ok(());
        };
        let Some(current) = operation::Entity::find_by_id(expired.id).one(tx).await? else {
            return Ok(());
        };
        let mut operation = OperationRecord::try_from(&current)?;
        if !operation.is_open() {
            return Ok(());
        }
        let mut store = StoreRecord::try_from(&row)?;
        let was = operation.clone();
        let words = last_words(tx, &operation).await?;
        operation.ended_by = Some(EndedBy::Deadline);
        operation.status = OperationStatus::Failed;
        operation.failure = Some(settle::timeout_failure(&operation, words.as_deref()));
        operation.finished_at = Some(now());
        ledger::save_operation(tx, &operation).await?;
        outbox::settle(tx, operation.id).await?;
        if store.current_operation_id == operation.id {
            store.generation = store.generation.next();
            status::follow(&mut store, &operation);
            ledger::save_store(tx, &row, &store).await?;
            outbox::enqueue_control(
                tx,
                &store,
                operation.id,
                store.generation,
                StopReason::Expired,
                false,
            )
            .await?;
        }
        let mut events = vec![failed(&store, (&was, &operation))];
        if store.current_operation_id == operation.id
            && let Some(spec) = returns_to(&store, &operation)
        {
            // On behalf of the request that began the change.
            let caller = Caller {
                tenant: store.tenant_id,
                actor: PLATFORM.to_owned(),
                request_id: operation.request_id,
            };
            let event = go_back(tx, engine, &caller, (&row, &store), &operation, spec).await?;
            events.push(event);
        }
        audit::append(tx, &events).await
    })
    .await
}

/// What a store goes back to after a change that did not end.
fn returns_to(store: &StoreRecord, operation: &OperationRecord) -> Option<StoreSpec> {
    match operation.kind {
        OperationKind::Update | OperationKind::Suspend | OperationKind::Resume => {
            store.safe_spec.clone()
        }
        OperationKind::Create | OperationKind::Rollback | OperationKind::Delete => None,
    }
}

async fn go_back(
    tx: &DatabaseTransaction,
    engine: &EngineSettings,
    caller: &Caller,
    (row, store): (&store::Model, &StoreRecord),
    operation: &OperationRecord,
    spec: StoreSpec,
) -> Result<NewAuditEvent, DbError> {
    let after = life::told(&spec);
    let turn = Turn {
        kind: OperationKind::Rollback,
        generation: store.generation,
        goal: Goal::Present { spec },
    };
    let rollback = intent::begin(tx, caller, engine, row, turn).await?;
    Ok(NewAuditEvent {
        tenant_id: store.tenant_id,
        store_id: Some(store.id.clone()),
        operation_id: Some(rollback),
        actor: PLATFORM.to_owned(),
        request_id: Some(caller.request_id),
        action: "store.rollback.requested",
        outcome: "accepted".to_owned(),
        details: change::told(
            &life::told(&store.spec),
            &after,
            json!({ "of": operation.id, "generation": store.generation }),
        ),
    })
}

async fn lock(tx: &DatabaseTransaction, id: &str) -> Result<Option<store::Model>, DbError> {
    Ok(store::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?)
}

/// What the last step waited for.
async fn last_words(
    tx: &DatabaseTransaction,
    operation: &OperationRecord,
) -> Result<Option<String>, DbError> {
    let rows = operation_step::Entity::find()
        .filter(operation_step::Column::OperationId.eq(operation.id.0))
        .all(tx)
        .await?;
    let steps: Result<Vec<_>, _> = rows.iter().map(StepRecord::try_from).collect();
    let last = steps?
        .into_iter()
        .max_by_key(|step| (step.attempt, step.last_moved()));
    let Some(step) = last else {
        return Ok(None);
    };
    let message = step
        .waiting
        .map_or_else(|| "no report since.".to_owned(), |waiting| waiting.message);
    Ok(Some(format!("step {}: {message}", step.step.as_str())))
}

fn failed(
    store: &StoreRecord,
    (was, operation): (&OperationRecord, &OperationRecord),
) -> NewAuditEvent {
    let message = operation
        .failure
        .as_ref()
        .map(|failure| failure.message.clone());
    NewAuditEvent {
        tenant_id: store.tenant_id,
        store_id: Some(store.id.clone()),
        operation_id: Some(operation.id),
        actor: PLATFORM.to_owned(),
        request_id: Some(operation.request_id),
        action: "operation.failed",
        outcome: "Timeout".to_owned(),
        details: facts::followed(
            was,
            operation,
            json!({ "kind": operation.kind, "attempt": operation.attempt, "message": message, "status": store.status }),
        ),
    }
}
