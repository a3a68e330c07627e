//! `GET /operations/{id}`

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use shared::ids::OperationId;

use crate::error::ApiError;
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::routes::refusals::OfOne;
use crate::routes::view::OperationView;
use crate::stores::{Caller, find};

/// Show an operation
///
/// One operation with its steps.
#[utoipa::path(
    get, path = "/operations/{id}", tag = "operations", operation_id = "getOperation",
    params(("id" = OperationId, Path, description = "The operation's id.")),
    responses((status = 200, description = "The operation.", body = OperationView), OfOne),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
) -> Result<Json<OperationView>, ApiError> {
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
    Ok(Json(OperationView::of(&found)?.seen(&state.pulse)))
}
