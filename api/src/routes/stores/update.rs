//! `PATCH /stores/{id}`

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::db::DbError;
use crate::error::ApiError;
use crate::http::etag;
use crate::http::granted::{answer, request_key, respond};
use crate::http::json::JsonObject;
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::idempotency::Answer;
use crate::routes::refusals::{OfChange, OfMatch, OfWish};
use crate::routes::stores::change::{self, ChangeBody};
use crate::routes::stores::{accepted, store_id};
use crate::routes::view::StoreView;
use crate::stores::Caller;
use crate::stores::update::{UPDATE, Updated, update};
use crate::stores::wish::Wish;

/// Change a store
///
/// Change a store. A store that is Ready is brought to the changed spec by an
/// Update operation; if that fails or is cancelled, the store is Ready as it was
/// before. A Failed store is made anew with the changed spec (a Create). While
/// another operation is open, and while the store is being removed, it is a 409.
#[utoipa::path(
    patch, path = "/stores/{id}", tag = "stores", operation_id = "updateStore",
    params(
        ("id" = shared::ids::StoreId, Path, description = "The store's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
        ("If-Match" = Option<String>, Header,
            description = "Only if the store is as it was when it was given with this `ETag`; else 412, and nothing is done."),
    ),
    request_body(content = Option<ChangeBody>, content_type = "application/json"),
    responses(
        (status = 200, description = "It is as wanted already; nothing is done.", body = StoreView),
        (status = 202, description = "Accepted; the store's `operation` does it.", body = StoreView,
            headers(("Location" = String, description = "Path of the operation."))),
        OfWish, OfChange, OfMatch,
    ),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let id = store_id(&path)?;
    Query::of(&request).finish()?;
    let change = change::parse(body)?;
    let key = request_key(&request, &change::fingerprint(&change))?;
    let seen = etag::seen(&request)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: seen.as_ref(),
    };
    let wanted = (&id, &change, UPDATE);
    let granted = update(&state.db, &state.settings.engine, wanted, wish, said)
        .await
        .map_err(|error| ApiError::about(&id, error))?;
    Ok(respond(granted))
}

/// 202 with the operation to watch, or 200 where nothing changes.
pub fn said(updated: &Updated) -> Result<Answer, DbError> {
    if updated.changed {
        return accepted(&updated.found);
    }
    let given = answer(StatusCode::OK, None, &StoreView::of(&updated.found)?)?;
    Ok(etag::mark(given, updated.found.store.version))
}
