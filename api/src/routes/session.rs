//! `/session`: a browser's login and logout. A key goes in once; what the browser
//! keeps is a cookie that no script can read.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use shared::ids::{RequestId, TenantId};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::key::KeyText;
use crate::access::keys;
use crate::access::sessions::{self, Token};
use crate::access::{Means, Principal};
use crate::audit::{self, change};
use crate::db::DbError;
use crate::entity::api_key;
use crate::error::ApiError;
use crate::error::problem::FieldError;
use crate::http::authenticate::known_key;
use crate::http::cookie;
use crate::http::granted::{answer, request_key, respond};
use crate::http::json::{Fields, JsonObject};
use crate::http::query::Query;
use crate::http::request_id;
use crate::http::state::AppState;
use crate::routes::refusals::OfWish;
use crate::routes::whoami::{self, WhoamiView};
use crate::stores::Caller;
use crate::stores::wish::{self, Wish};

/// What opens a session.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(
    dead_code,
    reason = "the shape of the document; parsing collects all complaints by itself"
)]
pub struct LoginBody {
    /// An API key.
    #[schema(max_length = 200, example = "urumi_k7q2mxbc49_x")]
    pub key: String,
}

/// Log in
///
/// Log in with an API key: the answer sets a cookie, which counts as the key does
/// until it lay idle too long, its time is over, or the key is revoked.
#[utoipa::path(
    post, path = "/session", tag = "access", operation_id = "logIn",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "A login that is sent again with the same key (within 24 hours) gets the same answer and the same cookie.")),
    request_body(content = LoginBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Logged in.", body = WhoamiView, headers(
            ("Set-Cookie" = String, description = "The session: HttpOnly, SameSite=Strict."))),
        OfWish,
    ),
)]
pub async fn open(
    request: HttpRequest,
    state: Data<AppState>,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    Query::of(&request).finish()?;
    let mut fields = Fields::of(body);
    let given = fields.text("key", |text| Ok::<_, String>(text.trim().to_owned()));
    fields.finish()?;
    let Some(given) = given else {
        let needed = FieldError::new("/key", "is needed");
        return Err(ApiError::InvalidBody(vec![needed]));
    };
    let text = KeyText::parse(&given);
    let asked = request_key(&request, &Value::Null)?;
    let key = known_key(&state, text.clone()).await?;
    let principal = keys::principal(&key, Means::Session).map_err(DbError::from)?;
    let you = whoami::view(&state, principal).await?;
    let token = match (&text, &asked) {
        (Some(text), Some(asked)) => Token::again(text, asked.text()),
        _ => Token::random(),
    };
    let caller = &caller(&key);
    let wish = Wish {
        caller,
        key: asked.as_ref(),
        seen: None,
    };
    let (settings, opened, you) = (&state.settings.access, &token, &you);
    let work = async |tx: &sea_orm::DatabaseTransaction| {
        sessions::open(tx, opened, key.id, settings).await?;
        let details = change::told(&Value::Null, &json!({ "key_id": key.id }), json!({}));
        let event = wish::event(caller, None, None, "session.opened", details);
        Ok((answer(StatusCode::CREATED, None, you)?, vec![event]))
    };
    let refused = |reason| wish::refused(caller, None, "session.open.refused", reason);
    let granted = wish::grant(&state.db, wish, work, refused)
        .await
        .map_err(ApiError::of_list)?;
    let mut response = respond(granted);
    // Cannot fail: the cookie is text that a header takes.
    let _ = response.add_cookie(&cookie::of(&token, &state.settings));
    Ok(response)
}

/// Log out
///
/// Log out: the session ends, and the browser forgets its cookie.
#[utoipa::path(
    delete, path = "/session", tag = "access", operation_id = "logOut",
    responses(
        (status = 204, description = "Logged out; also if nobody was logged in.", headers(
            ("Set-Cookie" = String, description = "What makes the browser forget its cookie."))),
        (status = 400, description = "An unknown parameter.", body = crate::error::problem::Problem, content_type = "application/problem+json"),
        (status = 403, description = "Host or Origin not allowed.", body = crate::error::problem::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again.", body = crate::error::problem::Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn close(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, ApiError> {
    Query::of(&request).finish()?;
    if let Some(token) = cookie::token(&request, &state.settings) {
        let token = &token;
        state
            .db
            .transaction(async |tx| -> Result<(), DbError> {
                let Some((_, key)) = sessions::find(tx, token).await? else {
                    return Ok(());
                };
                sessions::close(tx, token).await?;
                let before = json!({ "key_id": key.id });
                let details = change::told(&before, &Value::Null, json!({}));
                let event = wish::event(&caller(&key), None, None, "session.closed", details);
                audit::append(tx, &[event]).await
            })
            .await?;
    }
    Ok(HttpResponse::NoContent()
        .cookie(cookie::gone(&state.settings))
        .finish())
}

fn caller(key: &api_key::Model) -> Caller {
    Caller {
        tenant: TenantId(key.tenant_id),
        actor: Principal::named(&key.prefix),
        request_id: request_id::current().unwrap_or_else(|| RequestId(Uuid::now_v7())),
    }
}
