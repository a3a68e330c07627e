//! `GET /dead-letters` and `POST /dead-letters/{id}/replay`

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::DbError;
use crate::dead_letters::{excerpt, page, replay};
use crate::entity::parked_message::Model;
use crate::error::ApiError;
use crate::http::cursor::{PageView, page_request};
use crate::http::granted::{answer, request_key, respond};
use crate::http::json::{Fields, JsonObject};
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::idempotency::Answer;
use crate::paging::Listing;
use crate::routes::refusals::{OfChange, OfList, OfReading, OfWish};
use crate::stores::Caller;
use crate::stores::wish::Wish;

/// A message that nobody could use.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeadLetterView {
    /// Identity.
    pub id: Uuid,
    /// The queue it came from.
    #[schema(example = "store.events")]
    pub queue: String,
    /// Why it could not be used.
    #[schema(example = "the message is not one this build understands: unknown variant `Paused`")]
    pub reason: String,
    /// When it was put aside.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// When it was used after all.
    #[serde(with = "time::serde::rfc3339::option")]
    pub replayed_at: Option<OffsetDateTime>,
    /// The beginning of what it says; what may be a secret is hidden.
    pub excerpt: String,
}

impl DeadLetterView {
    fn of(row: &Model) -> Self {
        Self {
            id: row.id,
            queue: row.queue.clone(),
            reason: row.reason.clone(),
            received_at: row.received_at,
            replayed_at: row.replayed_at,
            excerpt: excerpt::of(&row.payload),
        }
    }
}

/// List dead letters
///
/// Messages that nobody could use, newest first; those that were replayed too.
#[utoipa::path(
    get, path = "/dead-letters", tag = "dead letters", operation_id = "listDeadLetters",
    params(
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "Items of a page; 50 if left out."),
        ("cursor" = Option<String>, Query, description = "A `next_cursor` or `prev_cursor` of this list, with the same filters."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag`; 304 if the page is that still."),
    ),
    responses(
        (status = 200, description = "A page.", body = PageView<DeadLetterView>, headers(
            ("Link" = String, description = "The pages `first`, `prev` and `next` (RFC 8288)."),
            ("ETag" = String, description = "For `If-None-Match`."))),
        OfReading, OfList,
    ),
)]
pub async fn list(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let mut query = Query::of(&request);
    let wanted = page_request(&mut query, Listing::of(&["dead letters"]));
    query.finish()?;
    let (caller, wanted) = (&caller, &wanted);
    let page = state
        .db
        .read(async |db| page(db, caller, wanted).await)
        .await
        .map_err(ApiError::of_list)?;
    let view = |row: Model| Ok::<_, ApiError>(DeadLetterView::of(&row));
    let page = PageView::of(page, view)?;
    Ok(page.answer(&request))
}

/// Replay a dead letter
///
/// Use a message after all: an event is taken in, a command or a control is said
/// again. If it still cannot be used, it is a 409 and stays as it is.
#[utoipa::path(
    post, path = "/dead-letters/{id}/replay", tag = "dead letters", operation_id = "replayDeadLetter",
    params(
        ("id" = Uuid, Path, description = "The dead letter's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
    ),
    responses((status = 200, description = "It was used.", body = DeadLetterView), OfWish, OfChange),
)]
pub async fn again(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let malformed = |_| ApiError::MalformedDeadLetterId(path.chars().take(64).collect());
    let id: Uuid = path.parse().map_err(malformed)?;
    Query::of(&request).finish()?;
    Fields::of(body).finish()?;
    let key = request_key(&request, &Value::Null)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let granted = replay(&state.db, &state.settings.engine, id, wish, said)
        .await
        .map_err(|error| ApiError::unless_missing(error, || ApiError::DeadLetterNotFound(id)))?;
    Ok(respond(granted))
}

fn said(row: &Model) -> Result<Answer, DbError> {
    answer(StatusCode::OK, None, &DeadLetterView::of(row))
}
