//! `POST /stores/{id}/cancel`: the open operation ends at once, and whoever works
//! on it is told to stop. What was being made is Failed; what was being changed
//! goes back to what it last was when it was Ready, by a Rollback of its own. A delete
//! that waits (`grace.rs`) is undone: what was wanted before is brought about again.

use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};
use shared::contract::command::Goal;
use shared::failure::FailureCode;
use shared::ids::{OperationId, StoreId};
use shared::operation::{OperationKind, OperationStatus};
use shared::telemetry::trace;

use crate::audit::{NewAuditEvent, change};
use crate::db::{Database, DbError};
use crate::idempotency::Answer;
use crate::projector::{facts, ledger, status};
use crate::record::rows::now;
use crate::record::{OperationRecord, StoreRecord};
use crate::settings::EngineSettings;
use crate::stores::find::{self, Found};
use crate::stores::intent::{self, Turn};
use crate::stores::legal::{self, Cancel};
use crate::stores::life;
use crate::stores::stop::{self, Stop};
use crate::stores::wish::{self, Granted, Wish};
use crate::stores::{Caller, StoreError};

/// Cancel what is being done about a store.
///
/// Effect: the operation is Cancelled and the store's generation raised; a control
/// message is to be sent; for a change also a Rollback under the new generation
/// and its command, for a delete that waits an Update. Repeating it: refused, as nothing that can be cancelled is
/// open. Fails when: no such store, or that is so now.
///
/// # Errors
/// [`StoreError`].
pub async fn cancel(
    db: &Database,
    engine: &EngineSettings,
    id: &StoreId,
    wish: Wish<'_>,
    answer: impl Fn(&Found) -> Result<Answer, DbError>,
) -> Result<Granted, StoreError> {
    let caller = wish.caller;
    let work = async |tx: &DatabaseTransaction| {
        let row = wish.locked(tx, id).await?;
        let mut store = StoreRecord::try_from(&row)?;
        let newest = find::operation(tx, caller, store.current_operation_id).await?;
        let operation = OperationRecord::try_from(&newest.operation)?;
        trace::link(newest.operation.traceparent.as_deref());
        let cancel = legal::cancel(&store, &operation, now())?;

        let generation = store.generation.next();
        let ended = stop::stop(tx, &store, &operation, Stop::Cancelled, generation).await?;
        let mut events = Said::new(caller, id);
        let reached = match &cancel {
            Cancel::End => status::of(operation.kind, ended.status),
            Cancel::Return(_) => status::of(OperationKind::Rollback, OperationStatus::Queued),
            Cancel::Keep(_) => status::of(OperationKind::Update, OperationStatus::Queued),
        };
        let (was, is) = ((store.status, store.generation), (reached, generation));
        let details = json!({ "kind": operation.kind, "generation": generation });
        let details = change::moved(was, is, details);
        events.say(operation.id, "store.cancel.requested", details);
        let details = json!({ "kind": operation.kind, "generation": operation.generation });
        let details = facts::followed(&operation, &ended, details);
        events.say(operation.id, "operation.cancelled", details);
        match cancel {
            Cancel::End => {
                let from = store.status;
                store.generation = generation;
                status::follow(&mut store, &ended);
                ledger::save_store(tx, &row, &store).await?;
                let details = facts::reached_status(from, store.status);
                events.say(operation.id, "store.failed", details);
                events.end_with(FailureCode::Cancelled);
            }
            Cancel::Return(spec) => {
                let (before, after) = (life::told(&store.spec), life::told(&spec));
                let turn = Turn {
                    kind: OperationKind::Rollback,
                    generation,
                    goal: Goal::Present { spec: *spec },
                };
                let rollback = intent::begin(tx, caller, engine, &row, turn).await?;
                let details = json!({ "of": operation.id, "generation": generation });
                let details = change::told(&before, &after, details);
                events.say(rollback, "store.rollback.requested", details);
            }
            Cancel::Keep(spec) => {
                let turn = Turn {
                    kind: OperationKind::Update,
                    generation,
                    goal: Goal::Present { spec: *spec },
                };
                let kept = intent::begin(tx, caller, engine, &row, turn).await?;
                let details = json!({ "of": operation.id, "generation": generation });
                let details = change::moved(was, is, details);
                events.say(kept, "store.delete.undone", details);
            }
        }
        let found = find::one(tx, caller, id).await?;
        Ok((answer(&found)?, events.events))
    };
    let refused = |reason| wish::refused(caller, Some(id), "store.cancel.refused", reason);
    wish::grant(db, wish, work, refused).await
}

/// What is to be remembered, in its order.
struct Said<'a> {
    caller: &'a Caller,
    store: &'a StoreId,
    events: Vec<NewAuditEvent>,
}

impl<'a> Said<'a> {
    fn new(caller: &'a Caller, store: &'a StoreId) -> Self {
        let events = Vec::new();
        Self {
            caller,
            store,
            events,
        }
    }

    fn say(&mut self, operation: OperationId, action: &'static str, details: Value) {
        let event = wish::event(
            self.caller,
            Some(self.store),
            Some(operation),
            action,
            details,
        );
        self.events.push(event);
    }

    /// The last one tells of an end, not of a wish.
    fn end_with(&mut self, code: FailureCode) {
        if let Some(last) = self.events.last_mut() {
            code.as_str().clone_into(&mut last.outcome);
        }
    }
}
