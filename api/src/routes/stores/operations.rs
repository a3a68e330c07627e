//! `GET /stores/{id}/operations`

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::error::ApiError;
use crate::http::cursor::{PageView, page_request};
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::paging::Listing;
use crate::routes::refusals::{OfOne, OfReading};
use crate::routes::stores::store_id;
use crate::routes::view::OperationView;
use crate::stores::Caller;
use crate::stores::operations::page;

/// List a store's operations
///
/// All that was ever asked of a store, newest first, each with its steps.
#[utoipa::path(
    get, path = "/stores/{id}/operations", tag = "operations", operation_id = "listStoreOperations",
    params(
        ("id" = shared::ids::StoreId, Path, description = "The store's id."),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "Items of a page; 50 if left out."),
        ("cursor" = Option<String>, Query, description = "A `next_cursor` or `prev_cursor` of this list, with the same filters."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag`; 304 if the page is that still."),
    ),
    responses(
        (status = 200, description = "A page.", body = PageView<OperationView>, headers(
            ("Link" = String, description = "The pages `first`, `prev` and `next` (RFC 8288)."),
            ("ETag" = String, description = "For `If-None-Match`."))),
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
    let mut query = Query::of(&request);
    let wanted = page_request(&mut query, Listing::of(&["operations", id.as_str()]));
    query.finish()?;
    let (caller, store, wanted) = (&caller, &id, &wanted);
    let page = state
        .db
        .snapshot(async |db| page(db, caller, store, wanted).await)
        .await
        .map_err(|error| ApiError::about(&id, error))?;
    let page = PageView::of(page, |found| {
        OperationView::of(&found).map(|view| view.seen(&state.pulse))
    })?;
    Ok(page.answer(&request))
}
