//! `/webhooks`: who is told of a tenant's events by HTTP.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::{NewAuditEvent, change};
use crate::entity::webhook::Model;
use crate::error::ApiError;
use crate::http::cursor::{PageView, page_request};
use crate::http::granted::{answer, request_key, respond};
use crate::http::json::{Fields, JsonObject};
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::idempotency::Answer;
use crate::paging::Listing;
use crate::routes::refusals::{OfChange, OfList, OfOne, OfReading, OfWish};
use crate::routes::webhook_view::{NewWebhookBody, WebhookChangeBody, WebhookView, parse};
use crate::stores::wish::{self, Granted, Wish};
use crate::stores::{Caller, StoreError};
use crate::webhooks::claim::told;
use crate::webhooks::rows::{self, Turned};
use crate::webhooks::secret::Secret;

/// List webhooks
///
/// Your tenant's webhooks, newest first.
#[utoipa::path(
    get, path = "/webhooks", tag = "webhooks", operation_id = "listWebhooks",
    params(
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "Items of a page; 50 if left out."),
        ("cursor" = Option<String>, Query, description = "A `next_cursor` or `prev_cursor` of this list, with the same filters."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag`; 304 if the page is that still."),
    ),
    responses(
        (status = 200, description = "A page.", body = PageView<WebhookView>, headers(
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
    let wanted = page_request(
        &mut query,
        Listing::of(&["webhooks", &caller.tenant.0.to_string()]),
    );
    query.finish()?;
    let wanted = &wanted;
    let page = state
        .db
        .read(async |db| rows::page(db, caller.tenant, wanted).await)
        .await
        .map_err(ApiError::of_list)?;
    let page = PageView::of(page, |row: Model| Ok::<_, ApiError>(WebhookView::of(&row)?))?;
    Ok(page.answer(&request))
}

/// Create a webhook
///
/// Make a webhook. Its secret is in this answer alone; an answer that is given again
/// for an `Idempotency-Key` has none.
#[utoipa::path(
    post, path = "/webhooks", tag = "webhooks", operation_id = "createWebhook",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "A request that is sent again with the same key (within 24 hours) gets the first answer again, without the secret.")),
    request_body(content = NewWebhookBody, content_type = "application/json"),
    responses(
        (status = 201, description = "The webhook.", body = WebhookView,
            headers(("Location" = String, description = "Path of the webhook."))),
        (status = 409, description = "Your tenant has as many as it may.", body = crate::error::problem::Problem, content_type = "application/problem+json"),
        OfWish,
    ),
)]
pub async fn create(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    Query::of(&request).finish()?;
    let key = request_key(&request, &Value::Object(body.0.clone()))?;
    let wanted = parse(body, &state.webhooks.sender, true).await?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let secret = Secret::random();
    let (wanted, vault) = (&wanted, &state.webhooks.vault);
    let work = async |tx: &DatabaseTransaction| {
        let row = rows::insert(tx, vault, caller.tenant, wanted, &secret).await?;
        let answer = answer(
            StatusCode::CREATED,
            Some(format!("/webhooks/{}", row.id)),
            &WebhookView::of(&row)?,
        )?;
        let event = event(&caller, (None, Some(&row)), "webhook.created");
        Ok((answer, vec![event]))
    };
    let refused = |reason| wish::refused(&caller, None, "webhook.create.refused", reason);
    let granted = wish::grant(&state.db, wish, work, refused)
        .await
        .map_err(ApiError::of_list)?;
    Ok(respond(shown_once(granted, &secret)))
}

/// Show a webhook
///
/// One webhook, without its secret.
#[utoipa::path(
    get, path = "/webhooks/{id}", tag = "webhooks", operation_id = "getWebhook",
    params(("id" = Uuid, Path, description = "The webhook's id.")),
    responses((status = 200, description = "The webhook.", body = WebhookView), OfOne),
)]
pub async fn show(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
) -> Result<Json<WebhookView>, ApiError> {
    let id = id(&path)?;
    Query::of(&request).finish()?;
    let row = state
        .db
        .read(async |db| rows::one(db, caller.tenant, id).await)
        .await
        .map_err(|error| missing(error, id))?;
    Ok(Json(WebhookView::of(&row)?))
}

/// Change a webhook
///
/// Change a webhook. `enabled: true` also puts one on again that the platform
/// disabled.
#[utoipa::path(
    patch, path = "/webhooks/{id}", tag = "webhooks", operation_id = "updateWebhook",
    params(
        ("id" = Uuid, Path, description = "The webhook's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
    ),
    request_body(content = Option<WebhookChangeBody>, content_type = "application/json"),
    responses(
        (status = 200, description = "The webhook.", body = WebhookView),
        (status = 404, description = "No such webhook.", body = crate::error::problem::Problem, content_type = "application/problem+json"),
        OfWish,
    ),
)]
pub async fn update(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let id = id(&path)?;
    Query::of(&request).finish()?;
    let key = request_key(&request, &Value::Object(body.0.clone()))?;
    let wanted = parse(body, &state.webhooks.sender, false).await?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let work = async |tx: &DatabaseTransaction| {
        let Turned { was, is } = rows::update(tx, caller.tenant, id, &wanted).await?;
        let answer = answer(StatusCode::OK, None, &WebhookView::of(&is)?)?;
        let event = event(&caller, (Some(&was), Some(&is)), "webhook.updated");
        Ok((answer, vec![event]))
    };
    let refused = |reason| wish::refused(&caller, None, "webhook.update.refused", reason);
    let granted = wish::grant(&state.db, wish, work, refused)
        .await
        .map_err(|error| missing(error, id))?;
    Ok(respond(granted))
}

/// Rotate a secret
///
/// Give a webhook another secret, which is in this answer alone. The one before
/// signs beside it for a day.
#[utoipa::path(
    post, path = "/webhooks/{id}/rotate", tag = "webhooks", operation_id = "rotateWebhookSecret",
    params(
        ("id" = Uuid, Path, description = "The webhook's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again, without the secret."),
    ),
    responses((status = 200, description = "The webhook.", body = WebhookView), OfWish, OfChange),
)]
pub async fn rotate(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let id = id(&path)?;
    Query::of(&request).finish()?;
    Fields::of(body).finish()?;
    let key = request_key(&request, &Value::Null)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let secret = Secret::random();
    let vault = &state.webhooks.vault;
    let work = async |tx: &DatabaseTransaction| {
        let Turned { was, is } = rows::rotate(tx, vault, caller.tenant, id, &secret).await?;
        let answer = answer(StatusCode::OK, None, &WebhookView::of(&is)?)?;
        let event = event(&caller, (Some(&was), Some(&is)), "webhook.secret_rotated");
        Ok((answer, vec![event]))
    };
    let refused = |reason| wish::refused(&caller, None, "webhook.rotate.refused", reason);
    let granted = wish::grant(&state.db, wish, work, refused)
        .await
        .map_err(|error| missing(error, id))?;
    Ok(respond(shown_once(granted, &secret)))
}

/// Delete a webhook
///
/// Remove a webhook, with the log of its messages.
#[utoipa::path(
    delete, path = "/webhooks/{id}", tag = "webhooks", operation_id = "deleteWebhook",
    params(
        ("id" = Uuid, Path, description = "The webhook's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
    ),
    responses((status = 204, description = "It is told nothing any more."), OfOne),
)]
pub async fn delete(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = id(&path)?;
    Query::of(&request).finish()?;
    let key = request_key(&request, &Value::Null)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let work = async |tx: &DatabaseTransaction| {
        let row = rows::delete(tx, caller.tenant, id).await?;
        let event = event(&caller, (Some(&row), None), "webhook.deleted");
        Ok((Answer::empty(204), vec![event]))
    };
    let refused = |reason| wish::refused(&caller, None, "webhook.delete.refused", reason);
    let granted = wish::grant(&state.db, wish, work, refused)
        .await
        .map_err(|error| missing(error, id))?;
    Ok(respond(granted))
}

/// The webhook that a path names.
///
/// # Errors
/// The text is no id.
pub fn id(text: &str) -> Result<Uuid, ApiError> {
    let malformed = |_| ApiError::MalformedId(text.chars().take(64).collect());
    text.parse().map_err(malformed)
}

/// A refusal about that webhook.
pub fn missing(error: StoreError, id: Uuid) -> ApiError {
    ApiError::unless_missing(error, || ApiError::WebhookNotFound(id))
}

/// The answer with the secret, if it is the first.
fn shown_once(granted: Granted, secret: &Secret) -> Granted {
    let Granted::New(mut answer) = granted else {
        return granted;
    };
    if let Ok(Value::Object(mut view)) = serde_json::from_slice(&answer.body) {
        view.insert("secret".to_owned(), json!(secret.expose()));
        answer.body = Value::Object(view).to_string().into_bytes();
    }
    Granted::New(answer)
}

/// What the audit says of a webhook that was so and is so now.
fn event(
    caller: &Caller,
    (was, is): (Option<&Model>, Option<&Model>),
    action: &'static str,
) -> NewAuditEvent {
    let [before, after] = [was, is].map(|row| row.map_or(Value::Null, told));
    let more = is.or(was).map_or(Value::Null, told);
    let details = change::told(&before, &after, more);
    wish::event(caller, None, None, action, details)
}
