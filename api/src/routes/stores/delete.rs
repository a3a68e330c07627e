//! `DELETE /stores/{id}`

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::error::ApiError;
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::routes::refusals::OfOne;
use crate::routes::stores::store_id;
use crate::routes::view::OperationView;
use crate::stores::Caller;
use crate::stores::delete::{Deletion, delete};

/// Ask for a store's removal, whatever its status. It takes the place of the
/// operation that is open. Asking again is harmless.
#[utoipa::path(
    delete, path = "/stores/{id}", tag = "stores", operation_id = "deleteStore",
    summary = "Delete a store",
    params(("id" = shared::ids::StoreId, Path, description = "The store's id.")),
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
    Query::of(&request).finish()?;
    let deletion = delete(&state.db, &state.settings.engine, &caller, &id)
        .await
        .map_err(|error| ApiError::about(&id, error))?;
    Ok(match deletion {
        Deletion::Accepted(operation) => HttpResponse::Accepted()
            .insert_header((
                "Location",
                format!("/operations/{}", operation.operation.id),
            ))
            .json(OperationView::of(&operation)?),
        Deletion::Gone => HttpResponse::NoContent().finish(),
    })
}
