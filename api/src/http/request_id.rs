//! The outermost layer: every answer carries `X-Request-Id`, a caller's own if it
//! is a UUID, and security headers; each request has a span; one log line a request. HEAD is answered as
//! GET, whose body the server then leaves out.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Instant;

use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BodyStream, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use futures_util::stream;
use shared::ids::RequestId;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::http::root_span;
use crate::metrics::METRICS;

/// The header.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For answers that are no pages; a page sets its own.
const NO_CONTENT_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The id of the request that is being answered.
pub fn current() -> Option<RequestId> {
    CURRENT.try_with(|id| *id).ok()
}

/// Which of our paths a request is for. To find out, its path is tried against all of
/// them; so it is found out once, here, and kept with the request.
#[derive(Debug, Clone)]
pub struct Route(Option<Rc<str>>);

impl Route {
    /// Of a request, whether it was found out before or not.
    pub fn of(request: &ServiceRequest) -> Self {
        if let Some(known) = request.extensions().get::<Self>() {
            return known.clone();
        }
        Self(request.match_pattern().map(Rc::from))
    }

    /// As the router has it; `None` where there is no such path.
    pub fn pattern(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// Give the request its id, and the answer its headers.
pub async fn layer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let began = Instant::now();
    let id = asked_for(&request).unwrap_or_else(|| RequestId(Uuid::now_v7()));
    let method = request.method().clone();
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let path = request.path().to_owned();

    let route = Route::of(&request);
    let span = root_span::begin(&request, id, route.pattern());
    request.extensions_mut().insert(route.clone());

    let answering = CURRENT.scope(id, next.call(request));
    let response = answering.instrument(span.clone()).await?;
    let mut response = response.map_into_boxed_body();
    if method == Method::HEAD {
        response = response.map_body(|_, body| without_stream(body));
    }

    root_span::end(&span, &mut response);

    METRICS.answered(&method, route.pattern(), response.status(), began.elapsed());
    let status = response.status().as_u16();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(X_REQUEST_ID, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, NO_CONTENT_POLICY);
    }
    let elapsed_ms = began.elapsed().as_millis();
    // In the request's span, which the line names.
    span.in_scope(
        || tracing::debug!(request_id = %id, %method, path, status, elapsed_ms, "answered"),
    );
    Ok(response)
}

/// The server takes a body to its end though it sends none of it, and an event stream has
/// no end: a stream ends here at once. Its headers stay.
fn without_stream(body: BoxBody) -> BoxBody {
    match body.size() {
        BodySize::Stream => {
            BoxBody::new(BodyStream::new(stream::empty::<Result<Bytes, Infallible>>()))
        }
        BodySize::None | BodySize::Sized(_) => body,
    }
}

fn asked_for(request: &ServiceRequest) -> Option<RequestId> {
    request
        .headers()
        .get(X_REQUEST_ID)?
        .to_str()
        .ok()?
        .parse::<RequestId>()
        .ok()
        // The nil one names no request.
        .filter(|id| !id.0.is_nil())
}
