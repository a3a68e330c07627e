//! `POST /stores/{id}/upgrade`

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::error::ApiError;
use crate::http::etag;
use crate::http::granted::{request_key, respond};
use crate::http::json::JsonObject;
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::routes::refusals::{OfChange, OfMatch, OfWish};
use crate::routes::stores::change::{self, UpgradeBody};
use crate::routes::stores::store_id;
use crate::routes::stores::update::said;
use crate::routes::view::StoreView;
use crate::stores::Caller;
use crate::stores::update::{UPGRADE, update};
use crate::stores::wish::Wish;

/// Upgrade a store
///
/// Move a store to another version of its chart or image; without a body, to the
/// newest that the workers have. It is an Update like any other.
#[utoipa::path(
    post, path = "/stores/{id}/upgrade", tag = "stores", operation_id = "upgradeStore",
    params(
        ("id" = shared::ids::StoreId, Path, description = "The store's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
        ("If-Match" = Option<String>, Header,
            description = "Only if the store is as it was when it was given with this `ETag`; else 412, and nothing is done."),
    ),
    request_body(content = Option<UpgradeBody>, content_type = "application/json"),
    responses(
        (status = 200, description = "These versions are wanted already; nothing is done.", body = StoreView),
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
    let change = change::parse_upgrade(body)?;
    let key = request_key(&request, &change::fingerprint(&change))?;
    let seen = etag::seen(&request)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: seen.as_ref(),
    };
    let wanted = (&id, &change, UPGRADE);
    let granted = update(&state.db, &state.settings.engine, wanted, wish, said)
        .await
        .map_err(|error| ApiError::about(&id, error))?;
    Ok(respond(granted))
}
