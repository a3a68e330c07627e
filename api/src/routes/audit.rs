//! `GET /stores/audit/logs`

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use shared::ids::StoreId;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::audit::list::{listing, page};
use crate::entity::audit_event;
use crate::error::ApiError;
use crate::http::cursor::{PageView, page_request};
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::routes::refusals::{OfList, OfReading};
use crate::stores::Caller;

/// One thing that was asked for or happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditEventView {
    /// Place in the audit; grows without gaps over all tenants.
    pub seq: i64,
    /// Identity.
    pub id: Uuid,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Whose it is.
    pub tenant_id: Uuid,
    /// The store it is about.
    pub store_id: Option<String>,
    /// The operation it is about.
    pub operation_id: Option<Uuid>,
    /// Who: a caller, or `platform`.
    #[schema(example = "local")]
    pub actor: String,
    /// The request that caused it.
    pub request_id: Option<Uuid>,
    /// What.
    #[schema(example = "store.create.requested")]
    pub action: String,
    /// `accepted`, `refused`, `succeeded`, or a failure's code.
    #[schema(example = "accepted")]
    pub outcome: String,
    /// More about it.
    #[schema(value_type = Object)]
    pub details: Value,
    /// Hash of the event before, in hex.
    pub prev_hash: String,
    /// SHA-256 over `prev_hash` and this event, in hex.
    pub hash: String,
}

/// Read the audit
///
/// What was asked for and what became of it, oldest first.
#[utoipa::path(
    get, path = "/stores/audit/logs", tag = "audit", operation_id = "listAuditLogs",
    params(
        ("store_id" = Option<StoreId>, Query, description = "Only events of this store."),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "Items of a page; 50 if left out."),
        ("cursor" = Option<String>, Query, description = "A `next_cursor` or `prev_cursor` of this list, with the same filters."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag`; 304 if the page is that still."),
    ),
    responses(
        (status = 200, description = "A page.", body = PageView<AuditEventView>, headers(
            ("Link" = String, description = "The pages `first`, `prev` and `next` (RFC 8288)."),
            ("ETag" = String, description = "For `If-None-Match`."))),
        OfReading, OfList,
    ),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let mut query = Query::of(&request);
    let store = query.take("store_id", str::parse::<StoreId>);
    let wanted = page_request(&mut query, listing(caller.tenant, store.as_ref()));
    query.finish()?;
    let (wanted, store) = (&wanted, store.as_ref());
    let page = state
        .db
        .read(async |db| page(db, caller.tenant, store, wanted).await)
        .await?;
    let page = PageView::of(page, |row| Ok::<_, ApiError>(view(row)))?;
    Ok(page.answer(&request))
}

/// A row on the wire.
pub fn view(row: audit_event::Model) -> AuditEventView {
    AuditEventView {
        seq: row.seq,
        id: row.id,
        at: row.at,
        tenant_id: row.tenant_id,
        store_id: row.store_id,
        operation_id: row.operation_id,
        actor: row.actor,
        request_id: row.request_id,
        action: row.action,
        outcome: row.outcome,
        details: row.details,
        prev_hash: hex(&row.prev_hash),
        hash: hex(&row.hash),
    }
}

/// Bytes as they are written in answers.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
