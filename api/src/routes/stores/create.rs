//! `POST /stores`

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::json;

use crate::db::DbError;
use crate::error::ApiError;
use crate::error::problem::{FieldError, Problem};
use crate::http::json::JsonObject;
use crate::http::state::AppState;
use crate::idempotency::{Answer, RequestKey};
use crate::routes::stores::new_store::{self, NewStoreBody};
use crate::routes::view::StoreView;
use crate::stores::create::{Created, NewStore, create};
use crate::stores::{Caller, StoreError};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const IDEMPOTENCY_REPLAYED: &str = "Idempotency-Replayed";

/// Ask for a store. It is answered at once and made in the background: watch
/// `GET /stores/{id}` until its status is Ready or Failed.
#[utoipa::path(
    post, path = "/stores", tag = "stores", operation_id = "createStore",
    summary = "Ask for a store",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
        description = "A request that is sent again with the same key (within 24 hours) gets the first answer again.")),
    request_body(content = Option<NewStoreBody>, content_type = "application/json"),
    responses(
        (status = 202, description = "Accepted.", body = StoreView, headers(
            ("Location" = String, description = "Path of the store."),
            ("Idempotency-Replayed" = String, description = "`true` if this is an answer given before."))),
        (status = 400, description = "Broken JSON or a malformed header.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Host or Origin not allowed.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is no JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is refused, or the key was used for another request.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let key = idempotency_key(&request)?;
    crate::http::query::Query::of(&request).finish()?;
    let wanted = new_store::parse(body)?;
    let key = key.map(|key| RequestKey::new(key, "POST /stores", &fingerprint(&wanted)));
    let created = create(
        &state.db,
        &state.settings,
        &caller,
        &wanted,
        key.as_ref(),
        |found| {
            let view = StoreView::of(found)?;
            Ok(Answer {
                status: StatusCode::ACCEPTED.as_u16(),
                headers: vec![
                    (CONTENT_TYPE.to_string(), "application/json".to_owned()),
                    (LOCATION.to_string(), format!("/stores/{}", view.id)),
                ],
                body: serde_json::to_vec(&view).map_err(DbError::from)?,
            })
        },
    )
    .await
    .map_err(refusal)?;
    Ok(match created {
        Created::New(answer) => respond(answer, false),
        Created::Replayed(answer) => respond(answer, true),
    })
}

fn respond(answer: Answer, replayed: bool) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::ACCEPTED);
    let mut builder = HttpResponseBuilder::new(status);
    for header in answer.headers {
        builder.insert_header(header);
    }
    if replayed {
        builder.insert_header((IDEMPOTENCY_REPLAYED, "true"));
    }
    builder.body(answer.body)
}

fn refusal(error: StoreError) -> ApiError {
    match error {
        StoreError::KeyReused => ApiError::IdempotencyKeyReused,
        StoreError::Database(error) => ApiError::from(error),
        // A fresh store cannot be missing.
        StoreError::NotFound => ApiError::from(DbError::TimedOut),
    }
}

/// What makes two requests the same: the wish, not its spelling.
fn fingerprint(wanted: &NewStore) -> Vec<u8> {
    let text =
        json!({ "name": wanted.name, "plan": wanted.plan, "admin_email": wanted.admin_email });
    text.to_string().into_bytes()
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let visible = |key: &&str| {
        (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match value.to_str().ok().filter(visible) {
        Some(key) if values.next().is_none() => Ok(Some(key.to_owned())),
        _ => {
            let detail = "must be one text of 1 to 255 visible ASCII characters";
            Err(ApiError::InvalidHeader(vec![FieldError::new(
                IDEMPOTENCY_KEY,
                detail,
            )]))
        }
    }
}
