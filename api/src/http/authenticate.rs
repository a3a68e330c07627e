//! Who asks, and whether they may: before any route. Where a login is required,
//! nothing gets past this layer without a principal but what needs nobody.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use serde_json::json;
use shared::ids::RequestId;
use std::future::{Ready, ready};
use uuid::Uuid;

use crate::access::key::KeyText;
use crate::access::keys::{self, Closed};
use crate::access::{Means, Principal};
use crate::audit;
use crate::db::DbError;
use crate::error::{ApiError, problem};
use crate::http::needs::{self, Need};
use crate::http::request_id;
use crate::http::state::AppState;
use crate::record::rows::now;
use crate::settings::Login;
use crate::stores::{Caller, wish};

/// Let the request through with its principal, or answer 401 or 403.
pub async fn layer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match admit(&request).await {
        Ok(None) => {}
        Ok(Some(principal)) => {
            request.extensions_mut().insert(principal);
        }
        Err(error) => {
            let response = problem::response(&error, request_id::current());
            return Ok(request.into_response(response));
        }
    }
    next.call(request)
        .await
        .map(ServiceResponse::map_into_boxed_body)
}

async fn admit(request: &ServiceRequest) -> Result<Option<Principal>, ApiError> {
    let pattern = request.match_pattern();
    let need = needs::need(request.method(), pattern.as_deref());
    let Some(state) = request.app_data::<Data<AppState>>() else {
        return Err(ApiError::LoginRequired);
    };
    if need == Need::Nobody {
        return Ok(None);
    }
    let principal = recognise(state, request).await?;
    if need.met(&principal) {
        return Ok(Some(principal));
    }
    if !request.method().is_safe() {
        let tried = format!("{} {}", request.method(), pattern.unwrap_or_default());
        remember(state, &principal, &tried).await?;
    }
    Err(ApiError::RoleMissing {
        has: principal.role,
        needs: need,
    })
}

async fn recognise(state: &AppState, request: &ServiceRequest) -> Result<Principal, ApiError> {
    if let Some(given) = bearer(request)? {
        return by_key(state, &given).await;
    }
    match state.settings.access.login {
        Login::Off => Ok(Principal::local()),
        Login::Required => Err(ApiError::LoginRequired),
    }
}

/// The credentials of an `Authorization` header, if there is one.
fn bearer(request: &ServiceRequest) -> Result<Option<String>, ApiError> {
    let mut values = request.headers().get_all(AUTHORIZATION);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    match text.split_once(' ') {
        Some((scheme, rest))
            if values.next().is_none() && scheme.eq_ignore_ascii_case("bearer") =>
        {
            Ok(Some(rest.trim().to_owned()))
        }
        _ => Err(ApiError::CredentialsRefused(
            "the Authorization header is not `Bearer` and a key".to_owned(),
        )),
    }
}

/// The principal of an API key.
async fn by_key(state: &AppState, given: &str) -> Result<Principal, ApiError> {
    let refused = |closed: Closed| ApiError::CredentialsRefused(closed.to_string());
    let key = KeyText::parse(given).ok_or_else(|| refused(Closed::Unknown))?;
    let row = state
        .db
        .read(async |db| -> Result<_, DbError> { keys::find(db, &key).await })
        .await?;
    // A key that is not there is compared too, so that both take as long.
    let kept = row.as_ref().map_or(&[0; 32][..], |row| &row.hash);
    let matches = key.is(kept);
    let row = row
        .filter(|_| matches)
        .ok_or_else(|| refused(Closed::Unknown))?;
    let at = now();
    keys::opens(&row, at).map_err(refused)?;
    if keys::is_news(&row, at) {
        state
            .db
            .transaction(async |tx| keys::used(tx, row.id, at).await)
            .await?;
    }
    Ok(keys::principal(&row, Means::Key).map_err(DbError::from)?)
}

/// A refused change is a fact too.
async fn remember(state: &AppState, principal: &Principal, tried: &str) -> Result<(), ApiError> {
    let mut event = wish::refused(
        &caller(principal.clone()),
        None,
        "access.refused",
        "role_missing",
    );
    event.details["tried"] = json!(tried);
    event.details["role"] = json!(principal.role);
    state
        .db
        .transaction(async |tx| audit::append(tx, std::slice::from_ref(&event)).await)
        .await?;
    Ok(())
}

fn caller(principal: Principal) -> Caller {
    Caller {
        tenant: principal.tenant,
        actor: principal.actor,
        request_id: request_id::current().unwrap_or_else(|| RequestId(Uuid::now_v7())),
    }
}

/// On whose behalf a route works; the layer above has found out.
impl FromRequest for Principal {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().cloned();
        ready(known.ok_or(ApiError::LoginRequired))
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Principal>().cloned();
        ready(known.map(caller).ok_or(ApiError::LoginRequired))
    }
}
