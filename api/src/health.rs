//! How stores do, as the elected observer saw them last. Stands beside a store's
//! status and never changes it. The only writer of the health columns.

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, FromQueryResult, Statement};
use serde_json::json;
use shared::contract::observation::{Health, HealthReason, Look, ShopKind};
use shared::ids::{StoreId, TenantId};
use shared::store_status::StoreStatus;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::audit::{self, NewAuditEvent, PLATFORM, change};
use crate::db::DbError;
use crate::entity::store;
use crate::record::rows::{UnreadableRow, from_json, to_json};

/// A store's health as it may be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    pub health: Health,
    pub reasons: Vec<HealthReason>,
    pub looked_at: Option<OffsetDateTime>,
}

/// What the store is, once it was seen.
///
/// # Errors
/// A row that this build cannot read.
pub fn shop(row: &store::Model) -> Result<Option<ShopKind>, UnreadableRow> {
    let Some(text) = row.shop.as_deref() else {
        return Ok(None);
    };
    let kind = ShopKind::parse(text).ok_or_else(|| UnreadableRow::new("stores.shop", text))?;
    Ok(Some(kind))
}

/// What may be shown of a store: a look counts only while the store is Ready, and
/// only if it was taken since it became so.
///
/// # Errors
/// A row that this build cannot read.
pub fn shown(
    row: &store::Model,
    status: StoreStatus,
    ready_since: Option<OffsetDateTime>,
) -> Result<Shown, UnreadableRow> {
    let counts = status == StoreStatus::Ready && row.looked_at > ready_since;
    if !counts {
        return Ok(Shown::default());
    }
    Ok(Shown {
        health: Health::parse(&row.health)
            .ok_or_else(|| UnreadableRow::new("stores.health", &row.health))?,
        reasons: from_json("stores.health_reasons", &row.health_reasons)?,
        looked_at: row.looked_at,
    })
}

/// The newest look of each store, by (term, time); others are ignored. One
/// statement, however many; the rows are locked in the order of their ids.
const KEEP: &str = "
WITH seen AS (
    SELECT DISTINCT ON (store_id) *
    FROM jsonb_to_recordset($1) AS look(store_id text, health text, reasons jsonb, at timestamptz, shop text)
    ORDER BY store_id, at DESC
), known AS (
    SELECT s.id, s.health_told AS told FROM stores s JOIN seen ON seen.store_id = s.id
    LEFT JOIN operations o ON o.id = s.current_operation_id
    WHERE s.status = 'Ready' AND seen.at > coalesce(o.finished_at, '-infinity')
      AND (s.health_term, coalesce(s.looked_at, '-infinity')) < ($2, seen.at)
    ORDER BY s.id FOR UPDATE OF s
)
UPDATE stores SET
    health = seen.health, health_reasons = seen.reasons, looked_at = seen.at, health_term = $2,
    shop = coalesce(seen.shop, stores.shop),
    health_told = CASE seen.health WHEN 'Unknown' THEN health_told ELSE seen.health END
FROM known JOIN seen ON seen.store_id = known.id
WHERE stores.id = known.id
RETURNING stores.id, stores.tenant_id, stores.health, stores.health_reasons AS reasons, known.told";

/// A store whose look was kept.
#[derive(Debug, FromQueryResult)]
struct Kept {
    id: String,
    tenant_id: Uuid,
    health: String,
    reasons: serde_json::Value,
    told: Option<String>,
}

/// Keep what an observer of that term saw.
///
/// Effect: the looks that are newer, and an audit event for each store that fell
/// ill or got well. Repeating it: nothing.
///
/// # Errors
/// The database's.
pub async fn keep(tx: &DatabaseTransaction, term: i64, looks: &[Look]) -> Result<(), DbError> {
    let values = [to_json(&looks).into(), term.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, KEEP, values);
    let rows = tx.query_all_raw(statement).await?;
    let mut events = Vec::new();
    for row in &rows {
        let kept = Kept::from_query_result(row, "")?;
        let told = kept.told.as_deref().and_then(Health::parse);
        let health = Health::parse(&kept.health).unwrap_or_default();
        if let Some(action) = turn(told, health) {
            events.push(event(&kept, action)?);
        }
    }
    events.sort_by_key(|event| event.store_id.as_ref().map(ToString::to_string));
    audit::append(tx, &events).await
}

/// What is told of a change. Not being able to look is neither illness nor cure.
fn turn(told: Option<Health>, now: Health) -> Option<&'static str> {
    match (told, now) {
        (Some(Health::Degraded), Health::Healthy) => Some("store.recovered"),
        (None | Some(Health::Healthy | Health::Unknown), Health::Degraded) => {
            Some("store.degraded")
        }
        (_, Health::Unknown)
        | (Some(Health::Degraded), Health::Degraded)
        | (None | Some(Health::Healthy | Health::Unknown), Health::Healthy) => None,
    }
}

fn event(kept: &Kept, action: &'static str) -> Result<NewAuditEvent, DbError> {
    let reasons: Vec<HealthReason> = from_json("stores.health_reasons", &kept.reasons)?;
    let store_id: StoreId = kept
        .id
        .parse()
        .map_err(|_| UnreadableRow::new("stores.id", &kept.id))?;
    let outcome = match reasons.first() {
        Some(reason) => reason.code.clone(),
        None => "succeeded".to_owned(),
    };
    Ok(NewAuditEvent {
        tenant_id: TenantId(kept.tenant_id),
        store_id: Some(store_id),
        operation_id: None,
        actor: PLATFORM.to_owned(),
        request_id: None,
        action,
        outcome,
        details: change::told(
            &json!({ "health": kept.told }),
            &json!({ "health": kept.health }),
            json!({ "reasons": reasons }),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_told_and_unknown_is_no_recovery() {
        use Health::{Degraded, Healthy, Unknown};
        let (ill, well) = (Some("store.degraded"), Some("store.recovered"));
        for (told, now, expected) in [
            (None, Unknown, None),
            (None, Healthy, None),
            (None, Degraded, ill),
            (Some(Healthy), Healthy, None),
            (Some(Healthy), Unknown, None),
            (Some(Healthy), Degraded, ill),
            (Some(Degraded), Degraded, None),
            (Some(Degraded), Unknown, None),
            (Some(Degraded), Healthy, well),
        ] {
            assert_eq!(turn(told, now), expected, "{told:?} {now:?}");
        }
    }
}
