//! Turns events of the stream into messages to webhooks: one at a time over all api
//! processes, in the order of the stream, each event once.

use std::collections::HashMap;

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, DbBackend, EntityTrait as _,
    QueryFilter as _, QuerySelect as _, Statement,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::DbError;
use crate::entity::{stream_event, webhook, webhook_delivery};
use crate::record::rows::{now, to_json};
use crate::stream::rows;
use crate::stream::view::EventView;

/// Events of one transaction.
const BATCH: u64 = 200;

pub const PENDING: &str = "Pending";
pub const DELIVERED: &str = "Delivered";
pub const FAILED: &str = "Failed";

/// What came of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// There may be more events.
    More,
    /// All were seen, or another process is at it.
    Done,
}

/// Write the messages of the next events.
///
/// Effect: a pending delivery for each webhook that wants an event, and the cursor
/// behind the events. Repeating it: goes on behind the cursor.
///
/// # Errors
/// The database's.
pub async fn schedule(tx: &DatabaseTransaction, max_tries: i32) -> Result<Round, DbError> {
    let Some(cursor) = cursor(tx).await? else {
        return Ok(Round::Done);
    };
    let events = rows::after(tx, cursor, BATCH).await?;
    let Some(last) = events.last().map(|event| event.position) else {
        return Ok(Round::Done);
    };
    let hooks = listeners(tx, &events).await?;
    let mut messages = Vec::new();
    for event in &events {
        let mine = hooks.get(&event.tenant_id).into_iter().flatten();
        for hook in mine.filter(|hook| wants(hook, event)) {
            messages.push(message(hook, event, max_tries));
        }
    }
    if !messages.is_empty() {
        webhook_delivery::Entity::insert_many(messages)
            .exec_without_returning(tx)
            .await?;
    }
    move_cursor(tx, last).await?;
    Ok(Round::More)
}

/// Held until the commit; `None` if another process holds it.
async fn cursor(tx: &DatabaseTransaction) -> Result<Option<i64>, DbError> {
    const CURSOR: &str = "SELECT position FROM webhook_cursor FOR UPDATE SKIP LOCKED";
    let row = tx
        .query_one_raw(Statement::from_string(DbBackend::Postgres, CURSOR))
        .await?;
    row.map(|row| row.try_get("", "position"))
        .transpose()
        .map_err(DbError::from)
}

async fn move_cursor(tx: &DatabaseTransaction, position: i64) -> Result<(), DbError> {
    const MOVE: &str = "UPDATE webhook_cursor SET position = $1";
    let values = [position.into()];
    tx.execute_raw(Statement::from_sql_and_values(
        DbBackend::Postgres,
        MOVE,
        values,
    ))
    .await?;
    Ok(())
}

/// The webhooks that are on, by tenant; none of them is deleted meanwhile.
async fn listeners(
    tx: &DatabaseTransaction,
    events: &[stream_event::Model],
) -> Result<HashMap<Uuid, Vec<webhook::Model>>, DbError> {
    let mut tenants: Vec<Uuid> = events.iter().map(|event| event.tenant_id).collect();
    tenants.sort_unstable();
    tenants.dedup();
    let hooks = webhook::Entity::find()
        .filter(webhook::Column::TenantId.is_in(tenants))
        .filter(webhook::Column::Enabled.eq(true))
        .lock(LockType::KeyShare)
        .all(tx)
        .await?;
    let mut by_tenant: HashMap<Uuid, Vec<webhook::Model>> = HashMap::new();
    for hook in hooks {
        by_tenant.entry(hook.tenant_id).or_default().push(hook);
    }
    Ok(by_tenant)
}

/// Whether a webhook wants an event: of the types it names, since it is there.
fn wants(hook: &webhook::Model, event: &stream_event::Model) -> bool {
    let types = hook.types.as_array().map(Vec::as_slice).unwrap_or_default();
    let named = |kind: &Value| kind.as_str() == Some(event.kind.as_str());
    event.at >= hook.created_at && (types.is_empty() || types.iter().any(named))
}

fn message(
    hook: &webhook::Model,
    event: &stream_event::Model,
    max_tries: i32,
) -> webhook_delivery::ActiveModel {
    let view = to_json(&EventView::of(event));
    let body = json!({ "type": event.kind, "timestamp": view["at"], "data": view });
    webhook_delivery::ActiveModel {
        id: Set(Uuid::now_v7()),
        webhook_id: Set(hook.id),
        position: Set(event.position),
        kind: Set(event.kind.clone()),
        body: Set(body.to_string()),
        status: Set(PENDING.to_owned()),
        attempt: Set(0),
        tries_left: Set(max_tries),
        tries: Set(json!([])),
        created_at: Set(now()),
        next_attempt_at: Set(Some(now())),
        claimed_until: NotSet,
        delivered_at: NotSet,
    }
}
