//! `GET /reconciliation`, `POST /reconciliation/adopt`, `POST /reconciliation/purge`

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use shared::ids::StoreId;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::db::DbError;
use crate::error::ApiError;
use crate::error::problem::{FieldError, Problem};
use crate::http::granted::{answer, request_key, respond};
use crate::http::json::{Fields, JsonObject, kind_of};
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::idempotency::Answer;
use crate::reconciliation::act::{Deed, act};
use crate::reconciliation::compare::Difference;
use crate::reconciliation::report::report;
use crate::record::rows::now;
use crate::routes::view::OperationView;
use crate::stores::Caller;
use crate::stores::find::FoundOperation;
use crate::stores::wish::Wish;

/// Ids in one body at most; how many one call may touch is in the settings.
const MAX_NAMED: usize = 1000;

/// Where records and cluster differ.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReconciliationView {
    /// What the cluster was compared by; `null` before the first came.
    pub inventory: Option<InventoryView>,
    /// Why adopt and purge are refused at the moment; `null` if they are not.
    pub refusal: Option<String>,
    /// The differences, by kind and store.
    pub items: Vec<Difference>,
}

/// The newest picture of the cluster.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InventoryView {
    /// When it was taken.
    #[serde(with = "time::serde::rfc3339")]
    pub taken_at: OffsetDateTime,
    /// How old it is.
    pub age_seconds: i64,
    /// Whether the cluster told all of it; if not, nothing is concluded from what
    /// is missing.
    pub complete: bool,
    /// Namespaces in it.
    pub namespaces: usize,
}

/// The stores that are meant.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(
    dead_code,
    reason = "the shape of the document; parsing collects all complaints by itself"
)]
pub struct NamedStoresBody {
    /// Their ids, each named.
    #[schema(min_items = 1, max_items = 1000)]
    pub store_ids: Vec<StoreId>,
}

/// What is being done about them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StartedView {
    /// One operation for each store.
    pub items: Vec<OperationView>,
}

/// Compare records and cluster
///
/// Compare the records with the newest inventory of the cluster.
#[utoipa::path(
    get, path = "/reconciliation", tag = "reconciliation", operation_id = "getReconciliation",
    responses(
        (status = 200, description = "The differences.", body = ReconciliationView),
        (status = 400, description = "An unknown parameter.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No credentials, or none that are accepted.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Host not allowed, or a role is missing.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    request: HttpRequest,
    state: Data<AppState>,
) -> Result<Json<ReconciliationView>, ApiError> {
    Query::of(&request).finish()?;
    let settings = &state.settings;
    let found = state
        .db
        .read(async |db| -> Result<_, DbError> { report(db, settings).await })
        .await?;
    Ok(Json(ReconciliationView {
        inventory: found.inventory.map(|inventory| InventoryView {
            taken_at: inventory.taken_at,
            age_seconds: (now() - inventory.taken_at).whole_seconds(),
            complete: inventory.complete,
            namespaces: inventory.namespaces.len(),
        }),
        refusal: found.refusal.map(|refusal| refusal.to_string()),
        items: found.differences,
    }))
}

/// Adopt stores
///
/// Bring record and cluster together: a namespace without a record gets one, a
/// drifted release is brought to what is wanted. Only stores that are named.
#[utoipa::path(
    post, path = "/reconciliation/adopt", tag = "reconciliation", operation_id = "adoptStores",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "A request that is sent again with the same key (within 24 hours) gets the first answer again.")),
    request_body(content = NamedStoresBody, content_type = "application/json"),
    responses(
        (status = 202, description = "Accepted; these operations do it.", body = StartedView),
        (status = 400, description = "Broken JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No credentials, or none that are accepted.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Host or Origin not allowed, or a role is missing.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The ground is unsure, too many are named, or one is no such difference.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is refused.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn adopt(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    ask(&request, &state, &caller, body, Deed::Adopt).await
}

/// Purge stores
///
/// Remove what is left of stores on one side only: a namespace without a record,
/// or a record without its namespace. Only stores that are named.
#[utoipa::path(
    post, path = "/reconciliation/purge", tag = "reconciliation", operation_id = "purgeStores",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "A request that is sent again with the same key (within 24 hours) gets the first answer again.")),
    request_body(content = NamedStoresBody, content_type = "application/json"),
    responses(
        (status = 202, description = "Accepted; these operations do it.", body = StartedView),
        (status = 400, description = "Broken JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No credentials, or none that are accepted.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Host or Origin not allowed, or a role is missing.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The ground is unsure, too many are named, or one is no such difference.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is refused.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn purge(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    ask(&request, &state, &caller, body, Deed::Purge).await
}

async fn ask(
    request: &HttpRequest,
    state: &AppState,
    caller: &Caller,
    body: JsonObject,
    deed: Deed,
) -> Result<HttpResponse, ApiError> {
    Query::of(request).finish()?;
    let named = named(body)?;
    let key = request_key(request, &json!(named))?;
    let wish = Wish {
        caller,
        key: key.as_ref(),
        seen: None,
    };
    let wanted = (deed, named.as_slice());
    let granted = act(&state.db, &state.settings, wanted, wish, said)
        .await
        .map_err(ApiError::of_list)?;
    Ok(respond(granted))
}

fn said(operations: &[FoundOperation]) -> Result<Answer, DbError> {
    let views: Result<Vec<_>, DbError> = operations.iter().map(OperationView::of).collect();
    answer(StatusCode::ACCEPTED, None, &StartedView { items: views? })
}

/// The ids, each once, in their order.
fn named(body: JsonObject) -> Result<Vec<StoreId>, ApiError> {
    let mut fields = Fields::of(body);
    let ids = fields.value("store_ids", ids);
    fields.finish()?;
    ids.ok_or_else(|| {
        let detail = "must name at least one store";
        ApiError::InvalidBody(vec![FieldError::new("/store_ids", detail)])
    })
}

fn ids(value: &Value) -> Result<Vec<StoreId>, String> {
    let Value::Array(items) = value else {
        return Err(format!("must be an array of ids, is {}", kind_of(value)));
    };
    let mut ids: Vec<StoreId> = Vec::with_capacity(items.len());
    for item in items {
        let text = item
            .as_str()
            .ok_or_else(|| format!("must hold ids, holds {}", kind_of(item)))?;
        let id = text
            .parse()
            .map_err(|error: shared::ids::InvalidStoreId| error.to_string())?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if items.len() > MAX_NAMED {
        return Err(format!("must name at most {MAX_NAMED} stores"));
    }
    if ids.is_empty() {
        return Err("must name at least one store".to_owned());
    }
    Ok(ids)
}
