//! `DELETE /stores/{id}`: legal from every status. It takes the place of
//! whatever is open, under the next generation.

use sea_orm::DatabaseTransaction;
use serde_json::json;
use shared::contract::command::Goal;
use shared::ids::StoreId;
use shared::operation::OperationKind;
use shared::store_status::StoreStatus;
use shared::telemetry::trace;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::audit::{NewAuditEvent, change};
use crate::db::{Database, DbError};
use crate::idempotency::Answer;
use crate::projector::facts;
use crate::record::rows::now;
use crate::record::{OperationRecord, StoreRecord};
use crate::settings::EngineSettings;
use crate::stores::find::{self, FoundOperation};
use crate::stores::grace;
use crate::stores::intent::{self, Turn};
use crate::stores::legal;
use crate::stores::stop::{self, Stop};
use crate::stores::wish::{self, Granted, Wish};
use crate::stores::{Caller, StoreError};

/// What came of it.
#[derive(Debug)]
pub enum Deletion {
    /// It is on its way; this operation does it.
    Accepted(Box<FoundOperation>),
    /// It was gone before.
    Gone,
}

/// Whether it may wait until it cannot be undone any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Haste {
    /// As long as the settings say.
    InTime,
    /// Not at all, and if it waits already, no longer.
    AtOnce,
}

/// Ask for a store's removal.
///
/// Effect: the open operation is Superseded; the store is Deleting under the
/// next generation; a control message and a command are to be sent, the command not
/// before the time in which it can be undone is over (`grace.rs`).
/// Repeating it: the same operation, nothing written, but that haste ends its waiting. Fails when: no such store.
///
/// # Errors
/// [`StoreError`].
pub async fn delete(
    db: &Database,
    engine: &EngineSettings,
    (id, haste): (&StoreId, Haste),
    wish: Wish<'_>,
    answer: impl Fn(&Deletion) -> Result<Answer, DbError>,
) -> Result<Granted, StoreError> {
    let caller = wish.caller;
    let work = async |tx: &DatabaseTransaction| {
        wish.locked(tx, id).await?;
        let (deletion, events) = begin(tx, engine, caller, (id, haste)).await?;
        Ok((answer(&deletion)?, events))
    };
    let refused = |reason| wish::refused(caller, Some(id), "store.delete.refused", reason);
    wish::grant(db, wish, work, refused).await
}

/// The removal itself, inside its wish's transaction, and what is to be remembered.
///
/// # Errors
/// [`StoreError`].
pub async fn begin(
    tx: &DatabaseTransaction,
    engine: &EngineSettings,
    caller: &Caller,
    (id, haste): (&StoreId, Haste),
) -> Result<(Deletion, Vec<NewAuditEvent>), StoreError> {
    let row = find::locked(tx, caller, id).await?;
    let store = StoreRecord::try_from(&row)?;
    if store.status == StoreStatus::Deleted {
        return Ok((Deletion::Gone, Vec::new()));
    }
    let current = find::operation(tx, caller, store.current_operation_id).await?;
    let operation = OperationRecord::try_from(&current.operation)?;
    if operation.is_open() && operation.kind == OperationKind::Delete {
        if haste == Haste::InTime || !operation.is_held(now()) {
            return Ok((Deletion::Accepted(Box::new(current)), Vec::new()));
        }
        grace::hold(tx, engine, operation.id, None).await?;
        let details = json!({ "before": { "not_before": at(operation.not_before) }, "after": { "not_before": null } });
        let event = wish::event(
            caller,
            Some(id),
            Some(operation.id),
            "store.delete.hastened",
            details,
        );
        let found = find::operation(tx, caller, operation.id).await?;
        return Ok((Deletion::Accepted(Box::new(found)), vec![event]));
    }

    legal::unprotected(&row, &store)?;

    let generation = store.generation.next();
    let mut events = Vec::new();
    let mut say = |operation, action, details| {
        let event = wish::event(caller, Some(id), Some(operation), action, details);
        events.push(event);
    };
    let mut superseded = None;
    if operation.is_open() {
        trace::link(current.operation.traceparent.as_deref());
        let ended = stop::stop(tx, &store, &operation, Stop::Superseded, generation).await?;
        superseded = Some(ended);
    }
    let turn = Turn {
        kind: OperationKind::Delete,
        generation,
        goal: Goal::Absent,
    };
    let deleting = intent::begin(tx, caller, engine, &row, turn).await?;
    let begins = grace::begins(engine.delete_grace, &store, haste == Haste::AtOnce, now());
    if begins.is_some() {
        grace::hold(tx, engine, deleting, begins).await?;
    }
    if let Some(ended) = superseded {
        let by = json!({ "kind": operation.kind, "by": deleting });
        let by = facts::followed(&operation, &ended, by);
        say(operation.id, "operation.superseded", by);
    }
    let was = (store.status, store.generation);
    let details =
        json!({ "status": store.status, "generation": generation, "not_before": at(begins) });
    let details = change::moved(was, (StoreStatus::Deleting, generation), details);
    say(deleting, "store.delete.requested", details);
    let found = find::operation(tx, caller, deleting).await?;
    Ok((Deletion::Accepted(Box::new(found)), events))
}

fn at(moment: Option<OffsetDateTime>) -> Option<String> {
    moment.and_then(|at| at.format(&Rfc3339).ok())
}
