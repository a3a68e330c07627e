//! `POST /stores/{id}/rollback`, `/suspend`, `/resume`

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::error::ApiError;
use crate::http::etag;
use crate::http::granted::{request_key, respond};
use crate::http::json::{Fields, JsonObject};
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::routes::refusals::{OfChange, OfMatch, OfWish};
use crate::routes::stores::store_id;
use crate::routes::stores::update::said;
use crate::routes::view::StoreView;
use crate::stores::Caller;
use crate::stores::life::{Deed, turn};
use crate::stores::wish::Wish;

/// Roll a store back
///
/// Return a Ready store to the chart and image that it had before they changed
/// last. Name, plan, replicas and data stay as they are. Asked again, it goes
/// forth again.
#[utoipa::path(
    post, path = "/stores/{id}/rollback", tag = "stores", operation_id = "rollbackStore",
    params(
        ("id" = shared::ids::StoreId, Path, description = "The store's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
        ("If-Match" = Option<String>, Header,
            description = "Only if the store is as it was when it was given with this `ETag`; else 412, and nothing is done."),
    ),
    responses(
        (status = 202, description = "Accepted; the store's `operation` does it.", body = StoreView,
            headers(("Location" = String, description = "Path of the operation."))),
        OfWish, OfChange, OfMatch,
    ),
)]
pub async fn rollback(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    ask(&request, &state, &caller, (&path, body), Deed::Rollback).await
}

/// Suspend a store
///
/// Take a Ready store's web pods away and keep its data; it is Suspended then, and
/// its address does not answer. Its database goes on running.
#[utoipa::path(
    post, path = "/stores/{id}/suspend", tag = "stores", operation_id = "suspendStore",
    params(
        ("id" = shared::ids::StoreId, Path, description = "The store's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
        ("If-Match" = Option<String>, Header,
            description = "Only if the store is as it was when it was given with this `ETag`; else 412, and nothing is done."),
    ),
    responses(
        (status = 200, description = "It is Suspended already; nothing is done.", body = StoreView),
        (status = 202, description = "Accepted; the store's `operation` does it.", body = StoreView,
            headers(("Location" = String, description = "Path of the operation."))),
        OfWish, OfChange, OfMatch,
    ),
)]
pub async fn suspend(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    ask(&request, &state, &caller, (&path, body), Deed::Suspend).await
}

/// Resume a store
///
/// Bring a Suspended store back with as many web pods as it had.
#[utoipa::path(
    post, path = "/stores/{id}/resume", tag = "stores", operation_id = "resumeStore",
    params(
        ("id" = shared::ids::StoreId, Path, description = "The store's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
        ("If-Match" = Option<String>, Header,
            description = "Only if the store is as it was when it was given with this `ETag`; else 412, and nothing is done."),
    ),
    responses(
        (status = 200, description = "It is Ready already; nothing is done.", body = StoreView),
        (status = 202, description = "Accepted; the store's `operation` does it.", body = StoreView,
            headers(("Location" = String, description = "Path of the operation."))),
        OfWish, OfChange, OfMatch,
    ),
)]
pub async fn resume(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    ask(&request, &state, &caller, (&path, body), Deed::Resume).await
}

async fn ask(
    request: &HttpRequest,
    state: &AppState,
    caller: &Caller,
    (path, body): (&str, JsonObject),
    deed: Deed,
) -> Result<HttpResponse, ApiError> {
    let id = store_id(path)?;
    Query::of(request).finish()?;
    Fields::of(body).finish()?;
    let key = request_key(request, &Value::Null)?;
    let seen = etag::seen(request)?;
    let wish = Wish {
        caller,
        key: key.as_ref(),
        seen: seen.as_ref(),
    };
    let granted = turn(&state.db, &state.settings.engine, (&id, deed), wish, said)
        .await
        .map_err(|error| ApiError::about(&id, error))?;
    Ok(respond(granted))
}
