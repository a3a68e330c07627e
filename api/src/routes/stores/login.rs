//! `POST /stores/{id}/login-link`

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::ApiError;
use crate::http::granted::{answer, request_key, respond};
use crate::http::json::{Fields, JsonObject};
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::routes::refusals::{OfChange, OfWish};
use crate::routes::stores::store_id;
use crate::stores::Caller;
use crate::stores::login::{self, Link};
use crate::stores::wish::{Granted, Wish};

/// A link into a shop's admin.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoginLinkView {
    /// As the audit and the store's log name it.
    pub id: Uuid,
    /// To be opened in a browser, once. In the first answer alone: an answer that is
    /// given again for an `Idempotency-Key` has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "http://store-k7q2mx.localhost:8080/wp-login.php?action=urumi#eyJp….x3Zk…")]
    pub url: Option<String>,
    /// When it holds no more.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// Give a login link
///
/// A link that lets the store's owner into the shop's admin, once, within 60 seconds.
/// The store verifies it by the platform's signature; nobody sees a password.
#[utoipa::path(
    post, path = "/stores/{id}/login-link", tag = "stores", operation_id = "giveLoginLink",
    params(
        ("id" = shared::ids::StoreId, Path, description = "The store's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again, without the link."),
    ),
    responses(
        (status = 201, description = "The link.", body = LoginLinkView),
        OfWish, OfChange,
    ),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let id = store_id(&path)?;
    Query::of(&request).finish()?;
    Fields::of(body).finish()?;
    let key = request_key(&request, &Value::Null)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let without_url = |link: &Link| {
        let view = LoginLinkView {
            id: link.id,
            url: None,
            expires_at: link.expires_at,
        };
        answer(StatusCode::CREATED, None, &view)
    };
    let asked = (&id, Uuid::now_v7());
    let given = login::give(&state.db, state.logins.as_ref(), asked, wish, without_url).await;
    let (granted, link) = given.map_err(|error| ApiError::about(&id, error))?;
    let mut response = respond(match link {
        Some(link) => shown_once(granted, &link),
        None => granted,
    });
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    Ok(response)
}

/// The answer with the link, if it is the first.
fn shown_once(granted: Granted, link: &Link) -> Granted {
    let Granted::New(mut answer) = granted else {
        return granted;
    };
    if let Ok(Value::Object(mut view)) = serde_json::from_slice(&answer.body) {
        view.insert("url".to_owned(), json!(link.url));
        answer.body = Value::Object(view).to_string().into_bytes();
    }
    Granted::New(answer)
}
