//! `GET /stores/{id}`

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::error::ApiError;
use crate::http::etag;
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::routes::refusals::{OfOne, OfReading};
use crate::routes::stores::store_id;
use crate::routes::view::StoreView;
use crate::stores::{Caller, find};

/// Show a store
///
/// One store with its newest operation, that one's steps and what they wait for.
#[utoipa::path(
    get, path = "/stores/{id}", tag = "stores", operation_id = "getStore",
    params(
        ("id" = shared::ids::StoreId, Path, description = "The store's id."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag`; 304 if it is that still."),
    ),
    responses(
        (status = 200, description = "The store; a deleted one too.", body = StoreView,
            headers(("ETag" = String, description = "For `If-None-Match`, and for `If-Match` of a change."))),
        OfReading, OfOne,
    ),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = store_id(&path)?;
    Query::of(&request).finish()?;
    let (caller, store) = (&caller, &id);
    let found = state
        .db
        .read(async |db| find::one(db, caller, store).await)
        .await
        .map_err(|error| ApiError::about(&id, error))?;
    let view = StoreView::of(&found)?.seen(&state.pulse);
    Ok(etag::answer(
        &request,
        Some(found.store.version),
        None,
        &view,
    ))
}
