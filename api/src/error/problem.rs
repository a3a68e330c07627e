//! Problems on the wire: RFC 9457, `application/problem+json`. Server faults are
//! logged here, once, with their causes; the answer never shows these.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::{Deserialize, Serialize};
use shared::ids::RequestId;
use shared::telemetry::chain;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::stores::refusal::Refusal;

/// The media type.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// One refused field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON pointer into the body or the query, or the name of a header.
    #[schema(example = "/name")]
    pub pointer: String,
    /// What is wrong with it.
    #[schema(example = "must have at most 60 characters, has 61")]
    pub detail: String,
}

impl FieldError {
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}

/// A request that was not granted (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem; a path of this server's documentation.
    #[serde(rename = "type")]
    #[schema(example = "/docs/problems#invalid_body")]
    kind: String,
    /// The kind in a few words.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened and what to do, in a sentence or two.
    detail: String,
    /// Stable code to write programs against.
    #[schema(example = "invalid_body")]
    code: &'static str,
    /// The request's id, as in `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
    /// The fields that were refused; empty where it is not about fields.
    errors: Vec<FieldError>,
}

impl Problem {
    pub fn new(error: &ApiError, request_id: Option<RequestId>) -> Self {
        let code = error.code();
        let mut detail = sentence(error);
        if let Some(advice) = error.advice() {
            detail.push(' ');
            detail.push_str(&advice);
        }
        Self {
            kind: format!("/docs/problems#{}", code.as_str()),
            title: code.title(),
            status: code.status().as_u16(),
            detail,
            code: code.as_str(),
            request_id,
            errors: error.fields().to_vec(),
        }
    }
}

/// The error as a sentence, with the fields' complaints in it.
fn sentence(error: &ApiError) -> String {
    let mut text = error.to_string();
    let fields = error.fields();
    if !fields.is_empty() {
        let complaints: Vec<String> = fields
            .iter()
            .map(|field| match field.pointer.trim_start_matches('/') {
                "" => format!("it {}", field.detail),
                name => format!("`{name}` {}", field.detail),
            })
            .collect();
        text = format!("{text}: {}", complaints.join("; "));
    }
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!(
        "{}{}.",
        first.unwrap_or_default(),
        letters.as_str().trim_end_matches('.')
    )
}

/// The answer for an error.
pub fn response(error: &ApiError, request_id: Option<RequestId>) -> HttpResponse {
    log(error, request_id);
    let mut builder = HttpResponseBuilder::new(error.code().status());
    match error {
        ApiError::MethodNotAllowed { allowed, .. } => {
            builder.insert_header((ALLOW, super::list(allowed)));
        }
        ApiError::LoginRequired => {
            builder.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"urumi\""));
        }
        ApiError::CredentialsRefused(_) => {
            let challenge = "Bearer realm=\"urumi\", error=\"invalid_token\"";
            builder.insert_header((WWW_AUTHENTICATE, challenge));
        }
        ApiError::RateLimited { retry_after } => {
            builder.insert_header((RETRY_AFTER, *retry_after));
        }
        ApiError::TooManyStreams { .. } | ApiError::StreamsFull { .. } => {
            builder.insert_header((RETRY_AFTER, HeaderValue::from_static("10")));
        }
        ApiError::Refused(Refusal::OperationLimit { .. }) => {
            builder.insert_header((RETRY_AFTER, HeaderValue::from_static("5")));
        }
        ApiError::LoginUnavailable | ApiError::ClusterSilent(_) => {
            builder.insert_header((RETRY_AFTER, HeaderValue::from_static("5")));
        }
        ApiError::Unavailable(_) => {
            builder.insert_header((RETRY_AFTER, HeaderValue::from_static("2")));
        }
        ApiError::BodyTimeout(_) => {
            // What still comes of the body belongs to no request.
            builder.force_close();
        }
        ApiError::IdempotencyKeyRunning => {
            builder.insert_header((RETRY_AFTER, HeaderValue::from_static("1")));
        }
        _ => {}
    }
    builder
        .content_type(PROBLEM_JSON)
        .json(Problem::new(error, request_id))
}

fn log(error: &ApiError, request_id: Option<RequestId>) {
    let request_id = request_id.map(|id| id.to_string());
    match error {
        ApiError::Internal(_) => {
            tracing::error!(request_id, error = chain(error), "a request failed")
        }
        ApiError::ClusterSilent(_) | ApiError::Unavailable(_) => tracing::warn!(
            request_id,
            error = chain(error),
            "a request was turned away"
        ),
        _ => {}
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code().status()
    }

    fn error_response(&self) -> HttpResponse {
        response(self, crate::http::request_id::current())
    }
}
