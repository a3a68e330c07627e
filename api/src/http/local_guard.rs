//! Where there is no login, the server answers this machine's own names only (no DNS
//! name that was rebound to 127.0.0.1), and lets no page of another origin (such
//! as a tenant's shop on the same machine) change anything.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::error::{ApiError, problem};
use crate::http::request_id;
use crate::http::state::AppState;
use crate::settings::Login;

/// Let the request through, or answer 403.
pub async fn layer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let state = request.app_data::<Data<AppState>>();
    let settings = state.map(|state| &state.settings);
    let allowed = settings.map_or("", |settings| settings.http.allowed_hosts.as_str());
    let open = settings.is_none_or(|settings| settings.access.login == Login::Off);
    if let Err(error) = check(&request, allowed, open) {
        let response = problem::response(&error, request_id::current());
        return Ok(request.into_response(response));
    }
    next.call(request)
        .await
        .map(ServiceResponse::map_into_boxed_body)
}

/// `open`: there is no login. Where there is one, any name may lead here.
fn check(request: &ServiceRequest, allowed: &str, open: bool) -> Result<(), ApiError> {
    let host = text(request, HOST).unwrap_or_default();
    if open && !is_allowed_host(host, allowed) {
        return Err(ApiError::ForbiddenHost(shortened(host)));
    }
    if request.method().is_safe() {
        return Ok(());
    }
    match request.headers().get(ORIGIN) {
        None => Ok(()),
        Some(origin) => {
            let origin = origin.to_str().unwrap_or_default();
            if is_same_origin(origin, host) {
                Ok(())
            } else {
                Err(ApiError::ForbiddenOrigin(shortened(origin)))
            }
        }
    }
}

fn text(request: &ServiceRequest, name: actix_web::http::header::HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Any port: a container's published one differs from ours.
fn is_allowed_host(host: &str, allowed: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if port.is_empty() || is_port(port) => return address == "::1",
            _ => return false,
        },
        None => match host.split_once(':') {
            None => host,
            Some((name, _)) if is_port(&host[name.len()..]) => name,
            Some(_) => return false,
        },
    };
    let name = name.to_ascii_lowercase();
    let mut more = allowed
        .split(',')
        .map(str::trim)
        .filter(|more| !more.is_empty());
    matches!(name.as_str(), "localhost" | "127.0.0.1")
        || more.any(|more| more.eq_ignore_ascii_case(&name))
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|digits| digits.parse::<u16>().is_ok())
}

fn is_same_origin(origin: &str, host: &str) -> bool {
    let rest = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_names_are_answered() {
        for host in [
            "localhost",
            "localhost:3000",
            "127.0.0.1:3000",
            "[::1]:3000",
            "[::1]",
            "LOCALHOST:1",
            "api:3000",
        ] {
            assert!(is_allowed_host(host, "api, other"), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "[::1",
            "[::2]:1",
            "localhost:x",
            "0.0.0.0",
            "store-bcdfgh.localhost",
        ] {
            assert!(!is_allowed_host(host, ""), "{host}");
        }
    }

    #[test]
    fn only_our_own_pages_may_change_something() {
        assert!(is_same_origin("http://localhost:3000", "localhost:3000"));
        for origin in [
            "null",
            "",
            "http://localhost:8080",
            "http://localhost",
            "http://store-bcdfgh.localhost:3000",
            "file://localhost:3000",
        ] {
            assert!(!is_same_origin(origin, "localhost:3000"), "{origin}");
        }
    }
}
