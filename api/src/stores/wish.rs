//! What every wish to change something has in common: one transaction with its
//! idempotency answer and its audit; a refusal is audited too.

use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};
use shared::ids::{OperationId, StoreId};

use crate::audit::{self, NewAuditEvent};
use crate::db::Database;
use crate::entity::store;
use crate::idempotency::{self, Answer, Claim, RequestKey};
use crate::stores::{Caller, StoreError, find};

/// Who wishes, whether the same request may have come before, and what they had
/// before their eyes.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub caller: &'a Caller,
    pub key: Option<&'a RequestKey>,
    pub seen: Option<&'a Seen>,
}

/// Which state of a record a wish is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Any, if only it is there.
    Any,
    /// One of these versions; without one, none.
    Versions(Vec<i64>),
}

impl Wish<'_> {
    /// The store's row, locked until the transaction ends, and as it was seen.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Stale`], or the database's.
    pub async fn locked(
        &self,
        tx: &DatabaseTransaction,
        id: &StoreId,
    ) -> Result<store::Model, StoreError> {
        let row = find::locked(tx, self.caller, id).await?;
        match self.seen {
            Some(Seen::Versions(versions)) if !versions.contains(&row.version) => {
                Err(StoreError::Stale)
            }
            Some(Seen::Any | Seen::Versions(_)) | None => Ok(row),
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Granted {
    /// Done now; this answer was kept for its key.
    New(Answer),
    /// The answer that was given before.
    Replayed(Answer),
}

/// An answer, and what is to be remembered.
pub type Done = (Answer, Vec<NewAuditEvent>);

/// Grant a wish.
///
/// Effect: all that `work` writes, the answer for the key, and the audit; or,
/// when it is refused, `refused` with the reason alone. Repeating it: with the
/// same key the first answer again. Fails when: `work` does, or the key came
/// with another request.
///
/// # Errors
/// [`StoreError`].
pub async fn grant(
    db: &Database,
    wish: Wish<'_>,
    work: impl AsyncFn(&DatabaseTransaction) -> Result<Done, StoreError>,
    refused: impl Fn(&'static str) -> NewAuditEvent,
) -> Result<Granted, StoreError> {
    let caller = wish.caller;
    let result: Result<Granted, StoreError> = db
        .transaction(async |tx| {
            if let Some(key) = wish.key
                && let Claim::Answered(answer) = idempotency::claim(tx, caller, key).await?
            {
                return Ok(Granted::Replayed(answer));
            }
            let (answer, events) = work(tx).await?;
            if let Some(key) = wish.key {
                idempotency::keep(tx, caller, key, &answer).await?;
            }
            audit::append(tx, &events).await?;
            Ok(Granted::New(answer))
        })
        .await;
    if let Err(error) = &result
        && let Some(reason) = error.refusal()
    {
        let event = refused(reason);
        db.transaction(async |tx| audit::append(tx, std::slice::from_ref(&event)).await)
            .await?;
    }
    result
}

/// Something to remember about a wish.
pub fn event(
    caller: &Caller,
    store: Option<&StoreId>,
    operation: Option<OperationId>,
    action: &'static str,
    details: Value,
) -> NewAuditEvent {
    NewAuditEvent {
        tenant_id: caller.tenant,
        store_id: store.cloned(),
        operation_id: operation,
        actor: caller.actor.clone(),
        request_id: Some(caller.request_id),
        action,
        outcome: "accepted".to_owned(),
        details,
    }
}

/// A wish that was refused.
pub fn refused(
    caller: &Caller,
    store: Option<&StoreId>,
    action: &'static str,
    reason: &str,
) -> NewAuditEvent {
    let outcome = "refused".to_owned();
    let details = json!({ "reason": reason });
    NewAuditEvent {
        outcome,
        ..event(caller, store, None, action, details)
    }
}
