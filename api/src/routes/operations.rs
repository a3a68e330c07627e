//! `GET /operations/{id}`

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use shared::ids::OperationId;

use crate::error::ApiError;
use crate::http::etag;
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::routes::refusals::{OfOne, OfReading};
use crate::routes::view::OperationView;
use crate::stores::{Caller, find};

/// Show an operation
///
/// One operation with its steps.
#[utoipa::path(
    get, path = "/operations/{id}", tag = "operations", operation_id = "getOperation",
    params(
        ("id" = OperationId, Path, description = "The operation's id."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag`; 304 if it is that still."),
    ),
    responses(
        (status = 200, description = "The operation.", body = OperationView,
            headers(("ETag" = String, description = "For `If-None-Match`."))),
        OfReading, OfOne,
    ),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let malformed = |_| ApiError::MalformedOperationId(path.chars().take(64).collect());
    let id: OperationId = path.parse().map_err(malformed)?;
    Query::of(&request).finish()?;
    let caller = &caller;
    let found = state
        .db
        .snapshot(async |db| find::operation(db, caller, id).await)
        .await
        .map_err(|error| {
            ApiError::unless_missing(error, || ApiError::OperationNotFound(id.to_string()))
        })?;
    let view = OperationView::of(&found)?.seen(&state.pulse);
    Ok(etag::answer(&request, None, None, &view))
}
