//! The span of a request: it follows the caller's `traceparent` or begins a trace,
//! and the answer says which (W3C Trace Context). What the request causes, however
//! much later, belongs to the same trace.

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use shared::ids::RequestId;
use shared::telemetry::trace;
use tracing::Span;
use tracing::field::Empty;

/// The header.
const TRACEPARENT: HeaderName = HeaderName::from_static(trace::TRACEPARENT);

/// Paths that are asked every few seconds by machines; a trace of each would bury
/// the others.
const UNTOLD: [&str; 2] = ["/healthz", "/readyz"];

/// Begin it. Not to be entered before it follows its caller. `route`: its pattern.
pub fn begin(request: &ServiceRequest, id: RequestId, route: Option<&str>) -> Span {
    if route.is_some_and(|route| UNTOLD.contains(&route)) {
        return Span::none();
    }
    let method = request.method();
    let span = tracing::debug_span!(
        "request",
        otel.name = format!("{method} {}", route.unwrap_or("(no such path)")),
        otel.kind = "server",
        otel.status_code = Empty,
        request.id = %id,
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
        url.path = request.path(),
    );
    trace::follow(&span, caller(request));
    span
}

/// Say in the answer which span it was, and in the span what was answered.
pub fn end<B>(span: &Span, response: &mut ServiceResponse<B>) {
    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    let said = trace::of(span).and_then(|text| HeaderValue::from_str(&text).ok());
    if let Some(said) = said {
        response.headers_mut().insert(TRACEPARENT, said);
    }
}

/// The caller's; one that comes twice is none.
fn caller(request: &ServiceRequest) -> Option<&str> {
    let mut values = request.headers().get_all(TRACEPARENT);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}
