//! The `Idempotency-Key` of a request, and the answers that are kept for it.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use serde_json::Value;

use crate::db::DbError;
use crate::error::ApiError;
use crate::error::problem::FieldError;
use crate::idempotency::{Answer, RequestKey};
use crate::stores::wish::Granted;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const IDEMPOTENCY_REPLAYED: &str = "Idempotency-Replayed";

/// The request's key, if it has one. `wanted` is what makes two requests the
/// same: the wish, not its spelling.
pub fn request_key(request: &HttpRequest, wanted: &Value) -> Result<Option<RequestKey>, ApiError> {
    let method_and_path = format!("{} {}", request.method(), request.path());
    let wanted = wanted.to_string();
    Ok(given(request)?.map(|key| RequestKey::new(key, &method_and_path, wanted.as_bytes())))
}

fn given(request: &HttpRequest) -> Result<Option<String>, ApiError> {
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

/// An answer in a form that can be kept.
///
/// # Errors
/// Only if the body holds something JSON cannot say; none of ours does.
pub fn answer<T: Serialize>(
    status: StatusCode,
    location: Option<String>,
    body: &T,
) -> Result<Answer, DbError> {
    let mut headers = vec![(CONTENT_TYPE.to_string(), "application/json".to_owned())];
    headers.extend(location.map(|location| (LOCATION.to_string(), location)));
    Ok(Answer {
        status: status.as_u16(),
        headers,
        body: serde_json::to_vec(body).map_err(DbError::from)?,
    })
}

/// Give it.
pub fn respond(granted: Granted) -> HttpResponse {
    let (answer, replayed) = match granted {
        Granted::New(answer) => (answer, false),
        Granted::Replayed(answer) => (answer, true),
    };
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
