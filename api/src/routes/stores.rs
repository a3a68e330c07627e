//! `/stores`.

pub mod cancel;
pub mod change;
pub mod counts;
pub mod create;
pub mod delete;
pub mod inside;
pub mod labels_body;
pub mod life;
pub mod list;
pub mod login;
pub mod new_store;
pub mod operations;
pub mod retry;
pub mod show;
pub mod update;
pub mod upgrade;

use actix_web::http::StatusCode;
use shared::ids::StoreId;

use crate::db::DbError;
use crate::error::ApiError;
use crate::http::etag;
use crate::http::granted::answer;
use crate::idempotency::Answer;
use crate::routes::view::StoreView;
use crate::stores::find::Found;

/// The store that a path names.
///
/// # Errors
/// The text is no store's id.
pub fn store_id(text: &str) -> Result<StoreId, ApiError> {
    Ok(text.parse::<StoreId>()?)
}

/// 202 with the store, and the operation to watch.
fn accepted(found: &Found) -> Result<Answer, DbError> {
    let view = StoreView::of(found)?;
    let given = answer(StatusCode::ACCEPTED, operation_path(&view), &view)?;
    Ok(etag::mark(given, found.store.version))
}

/// Where the store's newest operation is watched.
fn operation_path(store: &StoreView) -> Option<String> {
    let operation = store.operation.as_ref()?;
    Some(format!("/operations/{}", operation.id))
}
