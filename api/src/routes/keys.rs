//! `/keys`: the API keys of a tenant.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use shared::ids::TenantId;
use uuid::Uuid;

use crate::access::key::KeyText;
use crate::access::keys::{self, NewKey};
use crate::access::{Principal, tenants};
use crate::audit::change;
use crate::entity::api_key::{Column, Entity, Model};
use crate::error::ApiError;
use crate::http::cursor::{PageView, page_request};
use crate::http::granted::{answer, request_key, respond};
use crate::http::json::JsonObject;
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::idempotency::Answer;
use crate::paging::{Listing, Page, Place};
use crate::routes::key_view::{KeyView, NewKeyBody, parse};
use crate::routes::refusals::{OfList, OfOne, OfReading, OfWish};
use crate::stores::keyset::newest_first;
use crate::stores::wish::{self, Granted, Wish};
use crate::stores::{Caller, StoreError};

/// List API keys
///
/// The keys of your tenant, newest first; those that open nothing any more too. For who
/// runs the platform, also those of another tenant.
#[utoipa::path(
    get, path = "/keys", tag = "access", operation_id = "listKeys",
    params(
        ("tenant_id" = Option<Uuid>, Query, description = "Whose; yours if left out. Others' only for who runs the platform."),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "Items of a page; 50 if left out."),
        ("cursor" = Option<String>, Query, description = "A `next_cursor` or `prev_cursor` of this list, with the same filters."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag`; 304 if the page is that still."),
    ),
    responses(
        (status = 200, description = "A page.", body = PageView<KeyView>, headers(
            ("Link" = String, description = "The pages `first`, `prev` and `next` (RFC 8288)."),
            ("ETag" = String, description = "For `If-None-Match`."))),
        (status = 404, description = "No such tenant.", body = crate::error::problem::Problem, content_type = "application/problem+json"),
        OfReading, OfList,
    ),
)]
pub async fn list(
    request: HttpRequest,
    state: Data<AppState>,
    principal: Principal,
) -> Result<HttpResponse, ApiError> {
    let mut query = Query::of(&request);
    let tenant = query.take("tenant_id", |text| {
        text.parse::<Uuid>().map_err(|_| "must be a tenant's id")
    });
    let tenant = tenant.map_or(principal.tenant, TenantId);
    let wanted = page_request(&mut query, Listing::of(&["keys", &tenant.0.to_string()]));
    query.finish()?;
    reach(&principal, tenant)?;
    let wanted = &wanted;
    let page = state
        .db
        .read(async |db| -> Result<_, StoreError> {
            if tenants::find(db, tenant).await?.is_none() {
                return Err(StoreError::NotFound);
            }
            let theirs = Entity::find().filter(Column::TenantId.eq(tenant.0));
            let page = newest_first(theirs, (Column::CreatedAt, Column::Id), wanted);
            Ok(Page::new(page.all(db).await?, wanted, |row| Place {
                at: row.created_at,
                id: row.id,
            }))
        })
        .await
        .map_err(|error| ApiError::unless_missing(error, || ApiError::TenantNotFound(tenant.0)))?;
    let page = PageView::of(page, |row: Model| Ok::<_, ApiError>(KeyView::of(&row)?))?;
    Ok(page.answer(&request))
}

/// Who does not run the platform does not even learn that there is another tenant.
fn reach(principal: &Principal, tenant: TenantId) -> Result<(), ApiError> {
    if tenant == principal.tenant || principal.runs_platform() {
        return Ok(());
    }
    Err(ApiError::TenantNotFound(tenant.0))
}

/// Create an API key
///
/// Give out a key. Its text is in this answer alone: it is not kept, so an answer
/// that is given again for an `Idempotency-Key` has none.
#[utoipa::path(
    post, path = "/keys", tag = "access", operation_id = "createKey",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "A request that is sent again with the same key (within 24 hours) gets the first answer again, without the secret.")),
    request_body(content = NewKeyBody, content_type = "application/json"),
    responses(
        (status = 201, description = "The key.", body = KeyView),
        (status = 404, description = "No such tenant.", body = crate::error::problem::Problem, content_type = "application/problem+json"),
        OfWish,
    ),
)]
pub async fn create(
    request: HttpRequest,
    state: Data<AppState>,
    principal: Principal,
    caller: Caller,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    Query::of(&request).finish()?;
    let asked = parse(body)?;
    let tenant = asked.tenant_id.map_or(caller.tenant, TenantId);
    reach(&principal, tenant)?;
    let fingerprint = json!([asked.name, asked.role, asked.expires_at, tenant]);
    let key = request_key(&request, &fingerprint)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let wanted = NewKey {
        tenant,
        name: asked.name,
        role: asked.role,
        expires_at: asked.expires_at,
    };
    let text = KeyText::random();
    let (wanted, text) = (&wanted, &text);
    let work = async |tx: &sea_orm::DatabaseTransaction| {
        if tenants::find(tx, tenant).await?.is_none() {
            return Err(StoreError::NotFound);
        }
        let row = keys::insert(tx, text, wanted, &caller.actor).await?;
        let after = keys::told(&row);
        let details = change::told(&Value::Null, &after, after.clone());
        let mut event = wish::event(&caller, None, None, "key.created", details);
        event.tenant_id = tenant;
        Ok((
            answer(StatusCode::CREATED, None, &KeyView::of(&row)?)?,
            vec![event],
        ))
    };
    let refused = |reason| wish::refused(&caller, None, "key.create.refused", reason);
    let granted = wish::grant(&state.db, wish, work, refused)
        .await
        .map_err(|error| ApiError::unless_missing(error, || ApiError::TenantNotFound(tenant.0)))?;
    Ok(respond(shown_once(granted, text)))
}

/// The answer with the key's text, if it is the first.
fn shown_once(granted: Granted, text: &KeyText) -> Granted {
    let Granted::New(mut answer) = granted else {
        return granted;
    };
    if let Ok(Value::Object(mut view)) = serde_json::from_slice(&answer.body) {
        view.insert("key".to_owned(), json!(text.expose()));
        answer.body = Value::Object(view).to_string().into_bytes();
    }
    Granted::New(answer)
}

/// Revoke an API key
///
/// Take a key back, at once. A key that was revoked before stays so. Another tenant's only
/// for who runs the platform.
#[utoipa::path(
    delete, path = "/keys/{id}", tag = "access", operation_id = "revokeKey",
    params(
        ("id" = Uuid, Path, description = "The key's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
    ),
    responses((status = 204, description = "It opens nothing any more."), OfOne),
)]
pub async fn revoke(
    request: HttpRequest,
    state: Data<AppState>,
    principal: Principal,
    caller: Caller,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let malformed = |_| ApiError::MalformedId(path.chars().take(64).collect());
    let id: Uuid = path.parse().map_err(malformed)?;
    Query::of(&request).finish()?;
    let key = request_key(&request, &Value::Null)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let mine = (!principal.runs_platform()).then_some(caller.tenant);
    let work = async |tx: &sea_orm::DatabaseTransaction| {
        let revoked = keys::revoke(tx, mine, id).await?;
        let revoked = revoked.ok_or(StoreError::NotFound)?;
        let owner = TenantId(revoked.key.tenant_id);
        let before = keys::told(&revoked.key);
        let after = keys::told(&Model {
            revoked_at: Some(revoked.at),
            ..revoked.key
        });
        let details = change::told(&before, &after, after.clone());
        let mut event = wish::event(&caller, None, None, "key.revoked", details);
        event.tenant_id = owner;
        let events = if revoked.now { vec![event] } else { Vec::new() };
        Ok((Answer::empty(204), events))
    };
    let refused = |reason| wish::refused(&caller, None, "key.revoke.refused", reason);
    let granted = wish::grant(&state.db, wish, work, refused)
        .await
        .map_err(|error| ApiError::unless_missing(error, || ApiError::KeyNotFound(id)))?;
    Ok(respond(granted))
}
