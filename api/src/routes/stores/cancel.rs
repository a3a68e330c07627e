//! `POST /stores/{id}/cancel`

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
use crate::routes::stores::{accepted, store_id};
use crate::routes::view::StoreView;
use crate::stores::Caller;
use crate::stores::cancel::cancel;
use crate::stores::wish::Wish;

/// Cancel what is being done
///
/// End the operation that is open. A store that was being made is Failed, with the
/// code Cancelled: retry or delete it. A store that was being changed goes back to
/// what it was, by a Rollback operation, and is Ready again. A delete that still waits
/// (its `not_before` lies ahead) is undone, by an Update operation to what was wanted
/// before; one that may have begun cannot be cancelled.
#[utoipa::path(
    post, path = "/stores/{id}/cancel", tag = "stores", operation_id = "cancelStore",
    params(
        ("id" = shared::ids::StoreId, Path, description = "The store's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
        ("If-Match" = Option<String>, Header,
            description = "Only if the store is as it was when it was given with this `ETag`; else 412, and nothing is done."),
    ),
    responses(
        (status = 202, description = "Accepted; the store with its newest `operation`.", body = StoreView,
            headers(("Location" = String, description = "Path of the newest operation."))),
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
    Fields::of(body).finish()?;
    let key = request_key(&request, &Value::Null)?;
    let seen = etag::seen(&request)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: seen.as_ref(),
    };
    let granted = cancel(&state.db, &state.settings.engine, &id, wish, accepted)
        .await
        .map_err(|error| ApiError::about(&id, error))?;
    Ok(respond(granted))
}
