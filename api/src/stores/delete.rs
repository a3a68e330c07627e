//! `DELETE /stores/{id}`: legal from every status. It takes the place of
//! whatever is open, under the next generation.

use serde_json::json;
use shared::contract::command::Goal;
use shared::ids::StoreId;
use shared::operation::OperationKind;
use shared::store_status::StoreStatus;

use crate::audit;
use crate::db::Database;
use crate::record::{OperationRecord, StoreRecord};
use crate::settings::EngineSettings;
use crate::stores::find::{self, FoundOperation};
use crate::stores::intent::{self, Turn};
use crate::stores::stop::{self, Stop};
use crate::stores::{Caller, StoreError, wish};

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

        let generation = store.generation.next();
        if operation.is_open() {
            stop::stop(tx, &store, &operation, Stop::Superseded, generation).await?;
        }
        let turn = Turn {
            kind: OperationKind::Delete,
            generation,
            goal: Goal::Absent,
        };
        let deleting = intent::begin(tx, caller, engine, &row, turn).await?;
        let mut events = Vec::new();
        let mut say = |operation, action, details| {
            events.push(wish::event(
                caller,
                Some(id),
                Some(operation),
                action,
                details,
            ));
        };
        if operation.is_open() {
            let by = json!({ "kind": operation.kind, "by": deleting });
            say(operation.id, "operation.superseded", by);
        }
        let details = json!({ "status": store.status, "generation": generation });
        say(deleting, "store.delete.requested", details);
        audit::append(tx, &events).await?;
        let operation = find::operation(tx, caller, deleting).await?;
        Ok(Deletion::Accepted(Box::new(operation)))
    })
    .await
}
