//! Which message is whose to send, and what became of it. A message is claimed by
//! one process for longer than a try may take; who lost its claim says nothing.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, DbBackend, EntityTrait as _,
    FromQueryResult as _, QueryFilter as _, QuerySelect as _, Statement,
};
use serde_json::{Value, json};
use shared::ids::TenantId;
use time::Duration;
use url::Url;

use crate::audit::{self, NewAuditEvent, PLATFORM, change};
use crate::db::DbError;
use crate::entity::{webhook, webhook_delivery};
use crate::record::rows::{from_json, now, to_json};
use crate::webhooks::outcome::{self, Disabled, MAX_LOGGED, Next, Try};
use crate::webhooks::schedule::{DELIVERED, FAILED, PENDING};

/// Some messages that are due, of several webhooks: one that is slow or full holds
/// up no other. A message of which a try never ended is due again.
const CLAIM: &str = "
WITH due AS (
    SELECT message.id FROM webhooks hook CROSS JOIN LATERAL (
        SELECT d.id, d.next_attempt_at FROM webhook_deliveries d
        WHERE d.webhook_id = hook.id AND d.status = 'Pending' AND d.next_attempt_at <= now()
          AND (d.claimed_until IS NULL OR d.claimed_until < now())
        ORDER BY d.next_attempt_at LIMIT 4 FOR UPDATE OF d SKIP LOCKED
    ) message
    WHERE hook.enabled AND (SELECT count(*) FROM webhook_deliveries busy
        WHERE busy.webhook_id = hook.id AND busy.claimed_until > now()) < 4
    ORDER BY message.next_attempt_at LIMIT $1
)
UPDATE webhook_deliveries SET attempt = attempt + 1, tries_left = tries_left - 1,
    claimed_until = now() + interval '30 seconds'
FROM due WHERE webhook_deliveries.id = due.id
RETURNING webhook_deliveries.*";

/// # Errors
/// The database's.
pub async fn claim(
    tx: &DatabaseTransaction,
    limit: i64,
) -> Result<Vec<(webhook::Model, webhook_delivery::Model)>, DbError> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, CLAIM, [limit.into()]);
    let rows = tx.query_all_raw(statement).await?;
    let messages: Result<Vec<_>, _> = rows
        .iter()
        .map(|row| webhook_delivery::Model::from_query_result(row, ""))
        .collect();
    let messages = messages?;
    let ids = messages.iter().map(|message| message.webhook_id);
    let hooks = webhook::Entity::find()
        .filter(webhook::Column::Id.is_in(ids))
        .all(tx)
        .await?;
    let hook = |message: &webhook_delivery::Model| {
        hooks
            .iter()
            .find(|hook| hook.id == message.webhook_id)
            .cloned()
    };
    Ok(messages
        .into_iter()
        .filter_map(|message| Some((hook(&message)?, message)))
        .collect())
}

/// Write what became of a try.
///
/// Effect: the message taken, to be tried again after `wait`, or given up; the
/// webhook failing since, well again, or disabled, which is audited and gives its
/// waiting messages up. Repeating it: nothing, as for whoever lost the claim.
///
/// # Errors
/// The database's.
pub async fn settle(
    tx: &DatabaseTransaction,
    message: &webhook_delivery::Model,
    tried: &Try,
    wait: Duration,
    patience: Duration,
) -> Result<(), DbError> {
    // First the webhook: the same order as for who disables it. Who schedules for it
    // is not held up.
    let hook = webhook::Entity::find_by_id(message.webhook_id)
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    let Some(hook) = hook else { return Ok(()) };
    if !note(tx, message, tried, wait).await? {
        return Ok(());
    }
    let failing_since = match &tried.error {
        None => None,
        Some(_) => Some(hook.failing_since.unwrap_or(tried.at)),
    };
    let disabled = outcome::disabled(tried, failing_since, patience).filter(|_| hook.enabled);
    if failing_since == hook.failing_since && disabled.is_none() {
        return Ok(());
    }
    let mut changed = webhook::ActiveModel {
        failing_since: Set(failing_since),
        ..Default::default()
    };
    if let Some(reason) = disabled {
        changed.enabled = Set(false);
        changed.disabled_reason = Set(Some(reason.as_str().to_owned()));
        changed.updated_at = Set(now());
    }
    webhook::Entity::update_many()
        .set(changed)
        .filter(webhook::Column::Id.eq(hook.id))
        .exec(tx)
        .await?;
    match disabled {
        Some(reason) => give_up(tx, &hook, reason).await,
        None => Ok(()),
    }
}

/// `false` if the claim was lost.
async fn note(
    tx: &DatabaseTransaction,
    message: &webhook_delivery::Model,
    tried: &Try,
    wait: Duration,
) -> Result<bool, DbError> {
    use webhook_delivery::Column;
    let mut tries: Vec<Try> = from_json("webhook_deliveries.tries", &message.tries)?;
    tries.push(tried.clone());
    let old = tries.len().saturating_sub(MAX_LOGGED);
    tries.drain(..old);
    let (status, again, delivered) = match outcome::next(tried, message.tries_left, wait) {
        Next::Delivered => (DELIVERED, None, Some(now())),
        Next::Again(wait) => (PENDING, Some(now() + wait), None),
        Next::Failed => (FAILED, None, None),
    };
    let settled = webhook_delivery::ActiveModel {
        status: Set(status.to_owned()),
        tries: Set(to_json(&tries)),
        next_attempt_at: Set(again),
        claimed_until: Set(None),
        delivered_at: Set(delivered),
        ..Default::default()
    };
    let done = webhook_delivery::Entity::update_many()
        .set(settled)
        .filter(Column::Id.eq(message.id))
        .filter(Column::Attempt.eq(message.attempt))
        .filter(Column::Status.eq(PENDING))
        .exec(tx)
        .await?;
    Ok(done.rows_affected > 0)
}

async fn give_up(
    tx: &DatabaseTransaction,
    hook: &webhook::Model,
    reason: Disabled,
) -> Result<(), DbError> {
    use webhook_delivery::Column;
    let given_up = webhook_delivery::ActiveModel {
        status: Set(FAILED.to_owned()),
        next_attempt_at: Set(None),
        claimed_until: Set(None),
        ..Default::default()
    };
    webhook_delivery::Entity::update_many()
        .set(given_up)
        .filter(Column::WebhookId.eq(hook.id))
        .filter(Column::Status.eq(PENDING))
        .exec(tx)
        .await?;
    let event = NewAuditEvent {
        tenant_id: TenantId(hook.tenant_id),
        store_id: None,
        operation_id: None,
        actor: PLATFORM.to_owned(),
        request_id: None,
        action: "webhook.disabled",
        outcome: reason.as_str().to_owned(),
        details: change::told(
            &told(hook),
            &told(&webhook::Model {
                enabled: false,
                disabled_reason: Some(reason.as_str().to_owned()),
                ..hook.clone()
            }),
            json!({ "webhook_id": hook.id, "origin": origin(&hook.url) }),
        ),
    };
    audit::append(tx, &[event]).await
}

/// A webhook as the audit has it: where it points to, without path and secret.
pub fn told(hook: &webhook::Model) -> Value {
    json!({
        "webhook_id": hook.id, "origin": origin(&hook.url), "types": hook.types,
        "enabled": hook.enabled, "disabled_reason": hook.disabled_reason,
        // So that a changed path or secret is seen, and neither is told.
        "changed_at": hook.updated_at.unix_timestamp(),
    })
}

/// Where a webhook points to, without the path, which may be a secret.
pub fn origin(url: &str) -> String {
    Url::parse(url).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
}
