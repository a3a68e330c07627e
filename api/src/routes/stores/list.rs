//! `GET /stores`

use actix_web::HttpRequest;
use actix_web::web::{Data, Json};
use shared::store_status::StoreStatus;

use crate::error::ApiError;
use crate::http::cursor::{PageView, page_request};
use crate::http::query::{Query, boolean};
use crate::http::state::AppState;
use crate::routes::refusals::OfList;
use crate::routes::view::StoreView;
use crate::stores::Caller;
use crate::stores::list::{StoreFilter, page};

/// List stores
///
/// The caller's stores, newest first. Deleted ones are left out unless asked for.
#[utoipa::path(
    get, path = "/stores", tag = "stores", operation_id = "listStores",
    params(
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "Items of a page; 50 if left out."),
        ("cursor" = Option<String>, Query, description = "A `next_cursor` or `prev_cursor` of this list."),
        ("status" = Option<StoreStatus>, Query, description = "Only stores of this status."),
        ("include_deleted" = Option<bool>, Query, description = "Deleted stores too."),
    ),
    responses((status = 200, description = "A page.", body = PageView<StoreView>), OfList),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
) -> Result<Json<PageView<StoreView>>, ApiError> {
    let mut query = Query::of(&request);
    let wanted = page_request(&mut query);
    let status = query.take("status", status);
    let include_deleted = query.take("include_deleted", boolean);
    query.finish()?;
    let filter = StoreFilter {
        status,
        include_deleted: include_deleted.unwrap_or(false),
    };
    let (caller, wanted) = (&caller, &wanted);
    let page = state
        .db
        .snapshot(async |db| page(db, caller, filter, wanted).await)
        .await
        .map_err(ApiError::of_list)?;
    Ok(Json(PageView::of(page, |found| {
        StoreView::of(&found).map(|view| view.seen(&state.pulse))
    })?))
}

/// A status by its name.
///
/// # Errors
/// A sentence with the known ones.
pub fn status(text: &str) -> Result<StoreStatus, String> {
    StoreStatus::parse(text).ok_or_else(|| {
        let known: Vec<_> = StoreStatus::ALL
            .iter()
            .map(|status| status.as_str())
            .collect();
        format!("must be one of `{}`", known.join("`, `"))
    })
}
