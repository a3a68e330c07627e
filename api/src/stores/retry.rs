//! `POST /stores/{id}/retry`: the wish that did not succeed, once more.

use serde_json::json;
use shared::contract::command::Goal;
use shared::ids::StoreId;
use shared::operation::{OperationKind, OperationStatus};

use crate::audit::change;
use crate::db::{Database, DbError};
use crate::idempotency::Answer;
use crate::projector::status;
use crate::record::{OperationRecord, StoreRecord};
use crate::settings::EngineSettings;
use crate::stores::StoreError;
use crate::stores::find::{self, Found};
use crate::stores::intent::{self, Turn};
use crate::stores::legal;
use crate::stores::wish::{self, Granted, Wish};

/// Ask for another operation with the same wish.
///
/// Effect: an operation of the same kind and spec, under the next generation, and
/// its command. Repeating it: refused, as that operation is open. Fails when: no
/// such store, or its newest operation is open or succeeded, or it
/// was a delete and the store is protected by now.
///
/// # Errors
/// [`StoreError`].
pub async fn retry(
    db: &Database,
    engine: &EngineSettings,
    id: &StoreId,
    wish: Wish<'_>,
    answer: impl Fn(&Found) -> Result<Answer, DbError>,
) -> Result<Granted, StoreError> {
    let caller = wish.caller;
    let work = async |tx: &sea_orm::DatabaseTransaction| {
        let row = wish.locked(tx, id).await?;
        let store = StoreRecord::try_from(&row)?;
        let newest = find::operation(tx, caller, store.current_operation_id).await?;
        let newest = OperationRecord::try_from(&newest.operation)?;
        let kind = legal::retry(&store, &newest)?;
        // A delete is always free.
        match kind {
            OperationKind::Delete => legal::unprotected(&row, &store)?,
            OperationKind::Create
            | OperationKind::Update
            | OperationKind::Rollback
            | OperationKind::Suspend
            | OperationKind::Resume => intent::room(tx, caller, engine).await?,
        }
        let goal = match kind {
            OperationKind::Delete => Goal::Absent,
            OperationKind::Create
            | OperationKind::Update
            | OperationKind::Rollback
            | OperationKind::Suspend
            | OperationKind::Resume => Goal::Present {
                spec: newest.spec.unwrap_or_else(|| store.spec.clone()),
            },
        };
        let generation = store.generation.next();
        let turn = Turn {
            kind,
            generation,
            goal,
        };
        let operation = Some(intent::begin(tx, caller, engine, &row, turn).await?);
        let found = find::one(tx, caller, id).await?;
        let details = json!({ "kind": kind, "of": newest.id, "generation": generation });
        let (was, is) = (store.status, status::of(kind, OperationStatus::Queued));
        let details = change::moved((was, store.generation), (is, generation), details);
        let requested = "store.retry.requested";
        let event = wish::event(caller, Some(id), operation, requested, details);
        Ok((answer(&found)?, vec![event]))
    };
    let refused = |reason| wish::refused(caller, Some(id), "store.retry.refused", reason);
    wish::grant(db, wish, work, refused).await
}
