//! The session's cookie: unreadable for scripts, sent to this site's own pages
//! alone, and in production over TLS alone, bound to the host by its name.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use crate::access::sessions::Token;
use crate::settings::Settings;
use shared::settings::Environment;

fn is_secure(settings: &Settings) -> bool {
    settings.base.environment == Environment::Prod
}

/// Browsers keep the prefix's promise: https, this host, the whole site.
fn name(settings: &Settings) -> &'static str {
    if is_secure(settings) {
        "__Host-urumi_session"
    } else {
        "urumi_session"
    }
}

/// The token that a request carries.
pub fn token(request: &HttpRequest, settings: &Settings) -> Option<Token> {
    let cookie = request.cookie(name(settings))?;
    (!cookie.value().is_empty()).then(|| Token::of(cookie.value()))
}

/// The cookie of a fresh session.
pub fn of(token: &Token, settings: &Settings) -> Cookie<'static> {
    made(token.expose().to_owned(), settings)
        .max_age(Duration::seconds(settings.access.session_max_seconds))
        .finish()
}

/// What makes a browser forget it.
pub fn gone(settings: &Settings) -> Cookie<'static> {
    made(String::new(), settings)
        .max_age(Duration::ZERO)
        .finish()
}

fn made(value: String, settings: &Settings) -> actix_web::cookie::CookieBuilder<'static> {
    Cookie::build(name(settings), value)
        .path("/")
        .http_only(true)
        .secure(is_secure(settings))
        .same_site(SameSite::Strict)
}
