//! The audit: what was asked, by whom, and what became of it. Append-only and
//! hash-chained. The only INSERT into `audit_events` is here.

pub mod chain;
pub mod change;
pub mod export;
pub mod list;
pub mod sign;
pub mod verify;

use sea_orm::sea_query::{CommonTableExpression, Query};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait as _,
    QueryTrait as _, Statement,
};
use serde_json::Value;
use shared::ids::{OperationId, RequestId, StoreId, TenantId};
use uuid::Uuid;

use crate::audit::chain::Link;
use crate::db::DbError;
use crate::entity::audit_event;
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

/// Append events, in this order, as the transaction's last words.
///
/// Precondition: nothing else is locked afterwards. Effect: the chain grows; its
/// head stays locked until the commit, so commit order is sequence order.
///
/// # Errors
/// [`DbError`].
pub async fn append(tx: &DatabaseTransaction, events: &[NewAuditEvent]) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    let (mut seq, mut hash) = lock_head(tx).await?;
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        seq += 1;
        let link = Link {
            seq,
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
        let prev_hash = hash;
        hash = link.hash(&prev_hash);
        rows.push(row(link, &prev_hash, &hash));
    }
    write(tx, rows, (seq, &hash)).await?;
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

async fn lock_head(tx: &DatabaseTransaction) -> Result<(i64, [u8; 32]), DbError> {
    let head = "SELECT seq, hash FROM audit_head FOR UPDATE";
    let row = tx
        .query_one_raw(Statement::from_string(DbBackend::Postgres, head))
        .await?
        .ok_or(DbError::NotReady)?;
    let hash: Vec<u8> = row.try_get("", "hash")?;
    Ok((row.try_get("", "seq")?, hash.try_into().unwrap_or_default()))
}

/// The events and the head in one statement: whoever waits for the head waits for each.
async fn write(
    tx: &DatabaseTransaction,
    rows: Vec<audit_event::ActiveModel>,
    (seq, hash): (i64, &[u8; 32]),
) -> Result<(), DbError> {
    let head = Query::update()
        .table("audit_head")
        .values([("seq", seq.into()), ("hash", hash.to_vec().into())])
        .to_owned();
    let head = CommonTableExpression::new()
        .table_name("head")
        .query(head)
        .to_owned();
    let events = audit_event::Entity::insert_many(rows).into_query();
    tx.execute(&events.with(Query::with().cte(head).to_owned()))
        .await?;
    Ok(())
}

fn row(link: Link, prev_hash: &[u8; 32], hash: &[u8; 32]) -> audit_event::ActiveModel {
    audit_event::ActiveModel {
        seq: Set(link.seq),
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
        prev_hash: Set(prev_hash.to_vec()),
        hash: Set(hash.to_vec()),
    }
}
