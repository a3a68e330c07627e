//! The dashboard's files, if a folder is given: `/`, its pages under `/ui/` (all
//! the same file, which reads its address) and `/assets`. Only files of that
//! folder; everything else stays a problem.

use std::path::Path;

use actix_files::NamedFile;
use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::web::Data;

use crate::error::ApiError;
use crate::http::state::AppState;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// `GET /`, and `GET /ui/{page}`: the page knows its own addresses.
pub async fn index(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, ApiError> {
    let folder = state.settings.http.dashboard_dir.as_deref();
    serve(
        &request,
        folder,
        "index.html",
        HeaderValue::from_static("no-cache"),
    )
}

/// `GET /assets/{path}`: names carry a hash of their content.
pub async fn asset(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, ApiError> {
    let path = request.path().trim_start_matches('/').to_owned();
    let folder = state.settings.http.dashboard_dir.as_deref();
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    serve(&request, folder, &path, forever)
}

fn serve(
    request: &HttpRequest,
    folder: Option<&Path>,
    path: &str,
    caching: HeaderValue,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::PathNotFound(request.path().to_owned());
    if path
        .split('/')
        .any(|part| part.is_empty() || part.starts_with('.'))
        || path.contains(['\\', '\0', '%'])
    {
        return Err(missing());
    }
    let file = NamedFile::open(folder.ok_or_else(missing)?.join(path)).map_err(|_| missing())?;
    if file.metadata().is_dir() {
        return Err(missing());
    }
    let mut response = file.into_response(request);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, caching);
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    Ok(response)
}
