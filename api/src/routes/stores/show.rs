//! `GET /stores/{id}`

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::error::ApiError;
use crate::http::etag::Tagged;
use crate::http::kept::{self, Kept};
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
    if let Some(kept) = state.kept.known(&caller, &id)
        && kept::holds(&state.db, &kept).await?
    {
        return Ok(kept.tagged().answer(&request, None));
    }
    let (caller, store) = (&caller, &id);
    let (found, versions) = state
        .db
        .read(async |db| find::versioned(db, caller, store).await)
        .await
        .map_err(|error| ApiError::about(&id, error))?;
    let view = StoreView::of(&found)?.seen(&state.pulse);
    let tagged = Tagged::of(Some(found.store.version), &view)?;
    let answer = tagged.answer(&request, None);
    if view.is_settled() {
        state.kept.keep(Kept::new(caller, id, versions, tagged));
    }
    Ok(answer)
}
