//! `/session`: a browser's login and logout. A key goes in once; what the browser
//! keeps is a cookie that no script can read.

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
use crate::audit;
use crate::db::DbError;
use crate::entity::api_key;
use crate::error::ApiError;
use crate::error::problem::FieldError;
use crate::http::authenticate::known_key;
use crate::http::cookie;
use crate::http::json::{Fields, JsonObject};
use crate::http::query::Query;
use crate::http::request_id;
use crate::http::state::AppState;
use crate::routes::refusals::OfWish;
use crate::routes::whoami::{self, WhoamiView};
use crate::stores::{Caller, wish};

/// What opens a session.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(
    dead_code,
    reason = "the shape of the document; parsing collects all complaints by itself"
)]
pub struct LoginBody {
    /// An API key.
    #[schema(max_length = 200)]
    pub key: String,
}

/// Log in with an API key: the answer sets a cookie, which counts as the key does
/// until it lay idle too long, its time is over, or the key is revoked.
#[utoipa::path(
    post, path = "/session", tag = "access", operation_id = "logIn", summary = "Log in",
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
    let key = known_key(&state, KeyText::parse(&given)).await?;
    let principal = keys::principal(&key, Means::Session).map_err(DbError::from)?;
    let token = Token::random();
    let event = wish::event(&caller(&key), None, None, "session.opened", json!({}));
    let (settings, opened) = (&state.settings.access, &token);
    state
        .db
        .transaction(async |tx| -> Result<(), DbError> {
            sessions::open(tx, opened, key.id, settings).await?;
            audit::append(tx, std::slice::from_ref(&event)).await
        })
        .await?;
    let you = whoami::view(&state, principal).await?;
    Ok(HttpResponse::Created()
        .cookie(cookie::of(&token, &state.settings))
        .json(you))
}

/// Log out: the session ends, and the browser forgets its cookie.
#[utoipa::path(
    delete, path = "/session", tag = "access", operation_id = "logOut", summary = "Log out",
    responses(
        (status = 204, description = "Logged out; also if nobody was logged in."),
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
                let details: Value = json!({});
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
