//! The problems that a kind of path can be answered with, as the contract lists
//! them. Only descriptions; what is answered when is not decided here.

use utoipa::IntoResponses;

use crate::error::problem::Problem;

/// Of a list.
#[derive(Debug, IntoResponses)]
#[allow(dead_code, reason = "a part of the document, never a value")]
pub enum OfList {
    /// An unknown or wrong parameter.
    #[response(status = 400, content_type = "application/problem+json")]
    Query(Problem),
    /// No credentials, or none that are accepted.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(Problem),
    /// Host not allowed, or a role is missing.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// The database is away; try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Away(Problem),
}

/// Of reading one thing.
#[derive(Debug, IntoResponses)]
#[allow(dead_code, reason = "a part of the document, never a value")]
pub enum OfOne {
    /// The path holds no id of that kind, or the query an unknown parameter.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// No credentials, or none that are accepted.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(Problem),
    /// Host or Origin not allowed, or a role is missing.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// No such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    Missing(Problem),
    /// The database is away; try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Away(Problem),
}

/// Of a wish with a body.
#[derive(Debug, IntoResponses)]
#[allow(dead_code, reason = "a part of the document, never a value")]
pub enum OfWish {
    /// Broken JSON, a malformed id or header, or an unknown parameter.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// No credentials, or none that are accepted.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(Problem),
    /// Host or Origin not allowed, or a role is missing.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// The body did not arrive in time.
    #[response(status = 408, content_type = "application/problem+json")]
    Slow(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is no JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NoJson(Problem),
    /// A field is refused, or the key was used for another request.
    #[response(status = 422, content_type = "application/problem+json")]
    Refused(Problem),
    /// The database is away; try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Away(Problem),
}

/// Of a wish about what was seen.
#[derive(Debug, IntoResponses)]
#[allow(dead_code, reason = "a part of the document, never a value")]
pub enum OfMatch {
    /// It has changed since the `ETag` in `If-Match` was given; nothing was done.
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(Problem),
}

/// Of reading what was read before.
#[derive(Debug, IntoResponses)]
#[allow(dead_code, reason = "a part of the document, never a value")]
pub enum OfReading {
    /// It is as `If-None-Match` says; no body.
    #[response(status = 304)]
    Known,
}

/// Of a wish about something that has to be there and to stand right for it.
#[derive(Debug, IntoResponses)]
#[allow(dead_code, reason = "a part of the document, never a value")]
pub enum OfChange {
    /// No such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    Missing(Problem),
    /// Not now: the sentence says what stands against it and what to do.
    #[response(status = 409, content_type = "application/problem+json",
        example = json!({
            "type": "/docs/problems#operation_open", "title": "Another operation is open", "status": 409,
            "code": "operation_open", "errors": [], "request_id": "01a20997-9d2d-77ab-bb7c-ac19d4fcd2e0",
            "detail": "`store-k7q2mx` is busy: its operation 01a20997-9d2d-77ab-bb7c-ac19d4fcd2e1 (Update is Running) has not ended. \
                Wait until it has (GET /operations/01a20997-9d2d-77ab-bb7c-ac19d4fcd2e1), or cancel it with POST /stores/store-k7q2mx/cancel."
        }))]
    Conflict(Problem),
}
