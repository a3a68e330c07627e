//! The audit: what was asked, by whom, and what became of it. Append-only and
//! hash-chained. The only INSERT into `audit_pending`, and so into `audit_events`, is here.

pub mod chain;
pub mod change;
pub mod export;
pub mod list;
pub mod sign;
pub mod verify;

use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait as _};
use serde_json::Value;
use shared::ids::{OperationId, RequestId, StoreId, TenantId};
use uuid::Uuid;

use crate::audit::chain::Link;
use crate::db::DbError;
use crate::entity::audit_pending;
use crate::metrics::remembered;
use crate::record::rows::now;

/// The platform itself, as an actor.
pub const PLATFORM: &str = "platform";

/// Something to remember.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAuditEvent {
    pub tenant_id: TenantId,
    pub store_id: Option<StoreId>,
    pub operation_id: Option<OperationId>,
    pub actor: String,
    pub request_id: Option<RequestId>,
    /// Dotted, such as `store.create.requested`.
    pub action: &'static str,
    /// `accepted`, `refused`, `succeeded`, or a failure's code.
    pub outcome: String,
    pub details: Value,
}

/// Append events, in this order.
///
/// Effect: at the commit PostgreSQL links them into the chain, whose head is locked from
/// there to the commit's end, so commit order is sequence order (docs/adr/0010).
///
/// # Errors
/// [`DbError`].
pub async fn append(tx: &DatabaseTransaction, events: &[NewAuditEvent]) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    let rows = events.iter().map(pending);
    audit_pending::Entity::insert_many(rows)
        .exec_without_returning(tx)
        .await?;
    remembered::count(events);
    events.iter().for_each(tell);
    Ok(())
}

/// In the log, too, where it stands beside what workers say of the same store.
/// Details are for those who may read the audit.
fn tell(event: &NewAuditEvent) {
    tracing::info!(
        store.id = event.store_id.as_ref().map(tracing::field::display),
        tenant.id = %event.tenant_id,
        operation.id = event.operation_id.map(tracing::field::display),
        request.id = event.request_id.map(tracing::field::display),
        actor = event.actor,
        outcome = event.outcome,
        "{}",
        event.action,
    );
}

fn pending(event: &NewAuditEvent) -> audit_pending::ActiveModel {
    let link = Link {
        // Given at the commit.
        seq: 0,
        id: Uuid::now_v7(),
        at: now(),
        tenant_id: event.tenant_id.0,
        store_id: event.store_id.as_ref().map(ToString::to_string),
        operation_id: event.operation_id.map(|id| id.0),
        actor: event.actor.clone(),
        request_id: event.request_id.map(|id| id.0),
        action: event.action.to_owned(),
        outcome: event.outcome.clone(),
        details: event.details.clone(),
    };
    let (text_before, text_after) = link.around_seq();
    audit_pending::ActiveModel {
        id: Set(link.id),
        at: Set(link.at),
        tenant_id: Set(link.tenant_id),
        store_id: Set(link.store_id),
        operation_id: Set(link.operation_id),
        actor: Set(link.actor),
        request_id: Set(link.request_id),
        action: Set(link.action),
        outcome: Set(link.outcome),
        details: Set(link.details),
        text_before: Set(text_before),
        text_after: Set(text_after),
    }
}
