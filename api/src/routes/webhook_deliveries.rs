//! `/webhooks/{id}/deliveries`: the messages to a webhook, and what became of them.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};

use crate::audit::change;
use crate::entity::webhook_delivery::Model;
use crate::error::ApiError;
use crate::http::cursor::{PageView, page_request};
use crate::http::granted::{answer, request_key, respond};
use crate::http::json::{Fields, JsonObject};
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::paging::Listing;
use crate::routes::refusals::{OfChange, OfList, OfReading, OfWish};
use crate::routes::webhook_view::{DeliveryStatus, DeliveryView};
use crate::routes::webhooks::{id, missing};
use crate::stores::Caller;
use crate::stores::wish::{self, Wish};
use crate::webhooks::rows;

/// List messages
///
/// The messages to a webhook, newest first; a month is kept.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "listWebhookDeliveries",
    params(
        ("id" = Uuid, Path, description = "The webhook's id."),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "Items of a page; 50 if left out."),
        ("cursor" = Option<String>, Query, description = "A `next_cursor` or `prev_cursor` of this list, with the same filters."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag`; 304 if the page is that still."),
        ("status" = Option<DeliveryStatus>, Query, description = "Only messages of this status."),
    ),
    responses(
        (status = 200, description = "A page.", body = PageView<DeliveryView>, headers(
            ("Link" = String, description = "The pages `first`, `prev` and `next` (RFC 8288)."),
            ("ETag" = String, description = "For `If-None-Match`."))),
        (status = 404, description = "No such webhook.", body = crate::error::problem::Problem, content_type = "application/problem+json"),
        OfReading, OfList,
    ),
)]
pub async fn list(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = id(&path)?;
    let mut query = Query::of(&request);
    let status = query.take("status", DeliveryStatus::parse);
    let status = status.map(DeliveryStatus::as_str);
    let of = ["deliveries", &id.to_string(), status.unwrap_or_default()];
    let wanted = page_request(&mut query, Listing::of(&of));
    query.finish()?;
    let wanted = &wanted;
    let page = state
        .db
        .read(async |db| rows::log(db, caller.tenant, id, status, wanted).await)
        .await
        .map_err(|error| missing(error, id))?;
    let page = PageView::of(page, |row: Model| {
        Ok::<_, ApiError>(DeliveryView::of(&row)?)
    })?;
    Ok(page.answer(&request))
}

/// Send a message again
///
/// Send a message once more, with the same `webhook-id`, whatever became of it.
#[utoipa::path(
    post, path = "/webhooks/{id}/deliveries/{delivery}/replay", tag = "webhooks", operation_id = "replayWebhookDelivery",
    params(
        ("id" = Uuid, Path, description = "The webhook's id."),
        ("delivery" = Uuid, Path, description = "The message's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
    ),
    responses((status = 202, description = "It is sent.", body = DeliveryView), OfWish, OfChange),
)]
pub async fn replay(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<(String, String)>,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let (hook, delivery) = (id(&path.0)?, id(&path.1)?);
    Query::of(&request).finish()?;
    Fields::of(body).finish()?;
    let key = request_key(&request, &Value::Null)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let max_tries = state.settings.webhooks.webhook_max_tries.max(1);
    let work = async |tx: &DatabaseTransaction| {
        let turned = rows::replay(tx, (caller.tenant, hook), delivery, max_tries).await?;
        let (was, row) = (turned.was, turned.is);
        let stand = |row: &Model| json!({ "status": row.status, "tries_left": row.tries_left });
        let details =
            json!({ "webhook_id": hook, "delivery_id": delivery, "event_id": row.position });
        let details = change::told(&stand(&was), &stand(&row), details);
        let event = wish::event(&caller, None, None, "webhook.delivery.replayed", details);
        let answer = answer(StatusCode::ACCEPTED, None, &DeliveryView::of(&row)?)?;
        Ok((answer, vec![event]))
    };
    let refused = |reason| wish::refused(&caller, None, "webhook.delivery.replay.refused", reason);
    let granted = wish::grant(&state.db, wish, work, refused)
        .await
        .map_err(|error| missing(error, delivery))?;
    Ok(respond(granted))
}
