//! `DELETE /stores/{id}`

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::db::DbError;
use crate::error::ApiError;
use crate::http::etag;
use crate::http::granted::{answer, request_key, respond};
use crate::http::query::{Query, boolean};
use crate::http::state::AppState;
use crate::idempotency::Answer;
use crate::routes::refusals::OfOne;
use crate::routes::stores::store_id;
use crate::routes::view::OperationView;
use crate::stores::Caller;
use crate::stores::delete::{Deletion, Haste, delete};
use crate::stores::wish::Wish;

/// Delete a store
///
/// Ask for a store's removal, whatever its status. It takes the place of the
/// operation that is open. Asking again is harmless. Where the platform keeps deleted
/// stores for a while (`URUMI_DELETE_GRACE`, 72 h in production), the operation waits
/// until its `not_before`, and a cancel until then keeps the store as it is. A store that
/// was never Ready is removed at once.
#[utoipa::path(
    delete, path = "/stores/{id}", tag = "stores", operation_id = "deleteStore",
    params(
        ("id" = shared::ids::StoreId, Path, description = "The store's id."),
        ("now" = Option<bool>, Query, description = "Remove it at once, or now if it waits: it cannot be undone then."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
        ("If-Match" = Option<String>, Header,
            description = "Only if the store is as it was when it was given with this `ETag`; else 412, and nothing is done."),
    ),
    responses(
        (status = 202, description = "Accepted, now or before; this operation does it.", body = OperationView,
            headers(("Location" = String, description = "Path of the operation."))),
        (status = 204, description = "It is gone already."),
        OfOne,
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
    let now = query.take("now", boolean).unwrap_or_default();
    query.finish()?;
    let (haste, wanted) = match now {
        true => (Haste::AtOnce, json!({ "now": true })),
        false => (Haste::InTime, Value::Null),
    };
    let key = request_key(&request, &wanted)?;
    let seen = etag::seen(&request)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: seen.as_ref(),
    };
    let granted = delete(&state.db, &state.settings.engine, (&id, haste), wish, said)
        .await
        .map_err(|error| ApiError::about(&id, error))?;
    Ok(respond(granted))
}

fn said(deletion: &Deletion) -> Result<Answer, DbError> {
    match deletion {
        Deletion::Accepted(operation) => {
            let view = OperationView::of(operation)?;
            let location = Some(format!("/operations/{}", view.id));
            answer(StatusCode::ACCEPTED, location, &view)
        }
        Deletion::Gone => Ok(Answer::empty(StatusCode::NO_CONTENT.as_u16())),
    }
}
