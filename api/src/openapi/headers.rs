//! The headers that answers have in common, as the document names them. Only
//! descriptions; who sets them is elsewhere. Pure.

use serde_json::json;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::Response;
use utoipa::openapi::{Components, HeaderBuilder, ObjectBuilder, Ref, RefOr, Type};

use crate::openapi::problems::Place;
use crate::openapi::samples;

/// The headers that tell who may keep an answer, and where the pages around it are.
pub fn of_kept(operation: &Operation) -> Vec<&'static str> {
    let answer = operation.responses.responses.get("200");
    let Some(RefOr::T(answer)) = answer else {
        return Vec::new();
    };
    let has = |name: &&str| answer.headers.contains_key(*name);
    if !has(&"ETag") || !operation.responses.responses.contains_key("304") {
        return Vec::new();
    }
    let named = ["ETag", "Link"].into_iter().filter(has);
    named.chain(["Cache-Control"]).collect()
}

/// Name the headers of an answer that its route did not name.
pub fn name(place: Place<'_>, kept: &[&str], status: &str, response: &mut Response) {
    let granted = status.starts_with('2');
    let link = granted && place.path.ends_with("/login-link");
    let running = status == "409" && place.key;
    let wanted = [
        ("X-Request-Id", true),
        ("traceparent", true),
        ("Cache-Control", link || (granted && place.asks_cluster())),
        (
            "ETag",
            granted && (place.matches_one() || place.is("POST", "/stores")),
        ),
        ("RateLimit", place.asks_who()),
        ("RateLimit-Policy", place.asks_who()),
        ("Idempotency-Replayed", place.key && granted),
        (
            "Retry-After",
            running || matches!(status, "429" | "503" | "504") && place.path != "/readyz",
        ),
        ("WWW-Authenticate", status == "401"),
    ];
    let wanted = wanted.iter().filter(|(_, wanted)| *wanted);
    let kept = kept.iter().filter(|_| matches!(status, "200" | "304"));
    for name in wanted.map(|(name, _)| name).chain(kept) {
        if response.headers.contains_key(*name) {
            continue;
        }
        let path = format!("#/components/headers/{name}");
        let header = RefOr::Ref(Ref::new(path));
        response.headers.insert((*name).to_owned(), header);
    }
}

/// What the headers say, once for all answers.
pub fn add(components: &mut Components) {
    let texts = [
        (
            "X-Request-Id",
            "The request's id: yours, if you sent a UUID.",
            json!(samples::ID),
        ),
        (
            "traceparent",
            "The request's place in its trace (W3C Trace Context): in yours, if you sent one.",
            json!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ),
        (
            "Cache-Control",
            "Who may keep the answer, and how.",
            json!("private, no-cache"),
        ),
        (
            "ETag",
            "For `If-None-Match`.",
            json!("\"7-8f1c2d3e4f5a6b7c8d9e\""),
        ),
        (
            "Link",
            "The pages `first`, `prev` and `next` (RFC 8288).",
            json!("</stores?limit=50>; rel=\"first\""),
        ),
        (
            "RateLimit",
            "What is left to you, where a rate is set.",
            json!("\"requests\";r=199;t=4"),
        ),
        (
            "RateLimit-Policy",
            "How many requests you may send.",
            json!("\"requests\";q=200;w=4"),
        ),
        (
            "Idempotency-Replayed",
            "`true` if this is an answer given before.",
            json!("true"),
        ),
        (
            "Retry-After",
            "Whole seconds after which it may be asked again.",
            json!("1"),
        ),
        (
            "WWW-Authenticate",
            "How to log in.",
            json!("Bearer realm=\"urumi\""),
        ),
    ];
    for (name, description, example) in texts {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let mut header: Header = HeaderBuilder::new()
            .schema(Some(text.build()))
            .description(Some(description))
            .build();
        header.example = Some(example);
        components.headers.insert(name.to_owned(), RefOr::T(header));
    }
}
