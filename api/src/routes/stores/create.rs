//! `POST /stores`

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::db::DbError;
use crate::error::ApiError;
use crate::http::etag;
use crate::http::granted::{answer, request_key, respond};
use crate::http::json::JsonObject;
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::idempotency::Answer;
use crate::routes::refusals::OfWish;
use crate::routes::stores::new_store::{self, NewStoreBody};
use crate::routes::view::StoreView;
use crate::stores::Caller;
use crate::stores::create::{NewStore, create};
use crate::stores::find::Found;
use crate::stores::wish::Wish;

/// Ask for a store
///
/// Ask for a store. It is answered at once and made in the background: watch
/// `GET /stores/{id}` until its status is Ready or Failed.
#[utoipa::path(
    post, path = "/stores", tag = "stores", operation_id = "createStore",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "A request that is sent again with the same key (within 24 hours) gets the first answer again.")),
    request_body(content = Option<NewStoreBody>, content_type = "application/json"),
    responses(
        (status = 202, description = "Accepted.", body = StoreView, headers(
            ("Location" = String, description = "Path of the store."),
            ("Idempotency-Replayed" = String, description = "`true` if this is an answer given before."))),
        OfWish,
    ),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    Query::of(&request).finish()?;
    let wanted = new_store::parse(body)?;
    let key = request_key(&request, &fingerprint(&wanted))?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let granted = create(&state.db, &state.settings, &wanted, wish, said)
        .await
        // A fresh store cannot be missing.
        .map_err(|error| ApiError::unless_missing(error, || ApiError::from(DbError::TimedOut)))?;
    Ok(respond(granted))
}

fn said(found: &Found) -> Result<Answer, DbError> {
    let view = StoreView::of(found)?;
    let location = Some(format!("/stores/{}", view.id));
    let given = answer(StatusCode::ACCEPTED, location, &view)?;
    Ok(etag::mark(given, found.store.version))
}

/// What makes two requests the same: the wish, not its spelling.
fn fingerprint(wanted: &NewStore) -> Value {
    json!({
        "name": wanted.name, "plan": wanted.plan, "admin_email": wanted.admin_email,
        "labels": wanted.labels, "deletion_protection": wanted.deletion_protection,
    })
}
