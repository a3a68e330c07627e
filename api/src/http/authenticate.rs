//! Who asks, and whether they may: before any route. Where a login is required,
//! nothing gets past this layer without a principal but what needs nobody.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, ORIGIN};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use serde_json::json;
use shared::ids::{RequestId, TenantId};
use std::future::{Ready, ready};
use uuid::Uuid;

use crate::access::key::KeyText;
use crate::access::keys::{self, Closed};
use crate::access::oidc::{NotBelieved, Oidc};
use crate::access::sessions::{self, Token};
use crate::access::{Means, Principal, tenants};
use crate::audit;
use crate::db::DbError;
use crate::entity::api_key;
use crate::error::{ApiError, problem};
use crate::http::cookie;
use crate::http::needs::{self, Need};
use crate::http::rates::Left;
use crate::http::request_id::{self, Route};
use crate::http::state::AppState;
use crate::metrics::METRICS;
use crate::record::rows::now;
use crate::settings::Login;
use crate::stores::{Caller, wish};

/// Let the request through with its principal, or answer 401 or 403.
pub async fn layer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let left = match admit(&request).await {
        Ok(None) => None,
        Ok(Some((principal, left))) => {
            request.extensions_mut().insert(principal);
            left
        }
        Err(error) => {
            let response = problem::response(&error, request_id::current());
            return Ok(request.into_response(response));
        }
    };
    let mut response = next.call(request).await?.map_into_boxed_body();
    if let Some(left) = left {
        left.tell(response.headers_mut());
    }
    Ok(response)
}

async fn admit(request: &ServiceRequest) -> Result<Option<(Principal, Option<Left>)>, ApiError> {
    let route = Route::of(request);
    let pattern = route.pattern();
    let need = needs::need(request.method(), pattern);
    let Some(state) = request.app_data::<Data<AppState>>() else {
        return Err(ApiError::LoginRequired);
    };
    if need == Need::Nobody {
        // Probes come from one address, several times a second.
        if !is_probe(pattern) {
            count_stranger(state, request)?;
        }
        return Ok(None);
    }
    let principal = match recognise(state, request).await {
        Err(
            error @ (ApiError::LoginRequired
            | ApiError::LoginUnavailable
            | ApiError::CredentialsRefused(_)),
        ) => {
            count_stranger(state, request)?;
            return Err(error);
        }
        recognised => recognised?,
    };
    let left = state
        .rates
        .take(&principal.actor)
        .inspect_err(|_| METRICS.limited("principal"))
        .map_err(|retry_after| ApiError::RateLimited { retry_after })?;
    if need.met(&principal) {
        return Ok(Some((principal, left)));
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

fn is_probe(pattern: Option<&str>) -> bool {
    matches!(pattern, Some("/healthz" | "/readyz"))
}

/// Who is nobody is counted by the address.
fn count_stranger(state: &AppState, request: &ServiceRequest) -> Result<(), ApiError> {
    let Some(address) = state.trusted.counted(request) else {
        return Ok(());
    };
    let taken = state.strangers.take(&address);
    taken.map(drop).map_err(|retry_after| {
        METRICS.limited("address");
        ApiError::RateLimited { retry_after }
    })
}

async fn recognise(state: &AppState, request: &ServiceRequest) -> Result<Principal, ApiError> {
    if let Some(given) = bearer(request)? {
        let key = KeyText::parse(&given);
        if let (None, Some(oidc)) = (&key, &state.oidc) {
            return by_token(state, oidc, &given).await;
        }
        let key = known_key(state, key).await?;
        return Ok(keys::principal(&key, Means::Key).map_err(DbError::from)?);
    }
    if state.settings.access.login == Login::Off {
        return Ok(Principal::local());
    }
    match cookie::token(request.request(), &state.settings) {
        Some(token) => by_session(state, request, &token).await,
        None => Err(ApiError::LoginRequired),
    }
}

/// The principal of an issuer's token.
async fn by_token(state: &AppState, oidc: &Oidc, token: &str) -> Result<Principal, ApiError> {
    let identity = oidc.identify(token).await.map_err(|error| match error {
        NotBelieved::Away(_) => ApiError::LoginUnavailable,
        NotBelieved::Token(why) => ApiError::CredentialsRefused(why),
    })?;
    let name = &identity.tenant;
    let tenant = state
        .db
        .read(async |db| -> Result<_, DbError> { tenants::named(db, name).await })
        .await?;
    let tenant = tenant.ok_or_else(|| {
        ApiError::CredentialsRefused("it names a tenant that is not here".to_owned())
    })?;
    Ok(Principal {
        tenant: TenantId(tenant.id),
        role: identity.role,
        actor: identity.actor,
        means: Means::Token,
    })
}

/// The principal of a session. A browser sends its cookie by itself, whoever made
/// it ask; so a change has to say that it comes from our own pages. That the origin
/// it names is ours the guard outside has seen.
async fn by_session(
    state: &AppState,
    request: &ServiceRequest,
    token: &Token,
) -> Result<Principal, ApiError> {
    if !request.method().is_safe() && !request.headers().contains_key(ORIGIN) {
        return Err(ApiError::ForbiddenOrigin("an origin not named".to_owned()));
    }
    let found = state
        .db
        .read(async |db| -> Result<_, DbError> { sessions::find(db, token).await })
        .await?;
    let at = now();
    let open = found.filter(|(session, key)| {
        sessions::is_open(session, &state.settings.access, at) && keys::opens(key, at).is_ok()
    });
    let (session, key) = open.ok_or(ApiError::LoginRequired)?;
    if sessions::is_news(&session, at) {
        state
            .db
            .transaction(async |tx| sessions::seen(tx, token, at).await)
            .await?;
    }
    Ok(keys::principal(&key, Means::Session).map_err(DbError::from)?)
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
            "the Authorization header is not `Bearer` and a key or token".to_owned(),
        )),
    }
}

/// The row of a key that opens something now.
pub async fn known_key(state: &AppState, key: Option<KeyText>) -> Result<api_key::Model, ApiError> {
    let refused = |closed: Closed| ApiError::CredentialsRefused(closed.to_string());
    let key = key.ok_or_else(|| refused(Closed::Unknown))?;
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
    Ok(row)
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
