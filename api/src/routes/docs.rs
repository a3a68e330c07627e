//! `/openapi.json` and `/docs`: the contract, and a page to try it that loads
//! nothing from elsewhere.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::Config;

use crate::error::ApiError;
use crate::error::code::Code;
use crate::openapi;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; frame-ancestors 'none'",
);

/// The page's settings.
pub fn config() -> Config<'static> {
    Config::from("/openapi.json")
}

/// `GET /openapi.json`
pub async fn document() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(openapi::json())
}

/// `GET /docs`: relative links of the page need the slash.
pub async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header(("Location", "/docs/"))
        .finish()
}

/// `GET /docs/problems`: where the `type` of a problem leads.
pub async fn problems() -> HttpResponse {
    let rows: String = Code::ALL
        .iter()
        .map(|code| {
            let (name, status, title) = (code.as_str(), code.status().as_u16(), code.title());
            format!("<tr id=\"{name}\"><td><code>{name}</code><td>{status}<td>{title}\n")
        })
        .collect();
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Problems</title>\n\
         <h1>Problems</h1><table><tr><th>code<th>status<th>meaning\n{rows}</table></html>\n"
    );
    HttpResponse::Ok()
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .content_type("text/html; charset=utf-8")
        .body(page)
}

/// `GET /docs/{file}`
pub async fn page(
    request: HttpRequest,
    config: Data<Config<'static>>,
    file: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::PathNotFound(request.path().to_owned());
    let found = utoipa_swagger_ui::serve(&file, config.into_inner()).map_err(|_| missing())?;
    let file = found.ok_or_else(missing)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .content_type(file.content_type)
        .body(file.bytes.into_owned()))
}
