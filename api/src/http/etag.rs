//! Conditional requests (RFC 9110, section 13): an `ETag` for what is shown,
//! `If-None-Match`, `If-Match`. Whether a record is still the one that was seen is
//! asked where it is changed (stores/wish.rs).
//!
//! A tag is `"<version>-<digest>"`, or the digest alone for what has no version: the
//! digest tells one answer from another, the version one record from another.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH, LINK,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::db::DbError;
use crate::error::ApiError;
use crate::error::problem::FieldError;
use crate::idempotency::Answer;
use crate::stores::wish::Seen;

const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The tag of an answer.
pub fn of(version: Option<i64>, body: &[u8]) -> String {
    let digest: String = Sha256::digest(body)
        .iter()
        .take(10)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    match version {
        Some(version) => format!("\"{version}-{digest}\""),
        None => format!("\"{digest}\""),
    }
}

/// A 200 with its tag, or a 304 if who asked has it. `links` are those of a page.
pub fn answer<T: Serialize>(
    request: &HttpRequest,
    version: Option<i64>,
    links: Option<String>,
    body: &T,
) -> HttpResponse {
    match Tagged::of(version, body) {
        Ok(tagged) => tagged.answer(request, links),
        Err(error) => HttpResponse::from_error(ApiError::Internal(error)),
    }
}

/// What is shown, as it is sent.
#[derive(Debug, Clone)]
pub struct Tagged {
    tag: String,
    body: Bytes,
}

impl Tagged {
    /// # Errors
    /// None: an answer holds nothing that JSON cannot say.
    pub fn of<T: Serialize>(version: Option<i64>, body: &T) -> Result<Self, DbError> {
        let body = Bytes::from(serde_json::to_vec(body)?);
        let tag = of(version, &body);
        Ok(Self { tag, body })
    }

    /// How many bytes it is.
    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// A 200 with its tag, or a 304 if who asked has it. `links` are those of a page.
    pub fn answer(&self, request: &HttpRequest, links: Option<String>) -> HttpResponse {
        let known = has(request.headers(), &self.tag);
        let mut response = if known {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        if let Some(links) = links {
            response.insert_header((LINK, links));
        }
        // A browser keeps it, and asks before it shows it again.
        response.insert_header((CACHE_CONTROL, PRIVATE));
        response.insert_header((ETAG, self.tag.as_str()));
        if known {
            response.finish()
        } else {
            response
                .insert_header((CONTENT_TYPE, JSON))
                .body(self.body.clone())
        }
    }
}

/// The answer of a wish, with the tag of the record in it.
pub fn mark(mut answer: Answer, version: i64) -> Answer {
    let tag = of(Some(version), &answer.body);
    answer.headers.push((ETAG.to_string(), tag));
    answer
}

/// Whether `If-None-Match` names the tag (weak comparison).
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(IF_NONE_MATCH);
    given.filter_map(|value| value.to_str().ok()).any(|value| {
        value.trim() == "*"
            || tags(value).is_some_and(|tags| tags.into_iter().any(|(_, known)| known == tag))
    })
}

/// What `If-Match` says of the record that is to be changed.
///
/// # Errors
/// [`ApiError::InvalidHeader`].
pub fn seen(request: &HttpRequest) -> Result<Option<Seen>, ApiError> {
    let mut versions = Vec::new();
    let mut given = false;
    for value in request.headers().get_all(IF_MATCH) {
        given = true;
        let text = value.to_str().unwrap_or_default();
        if text.trim() == "*" {
            return Ok(Some(Seen::Any));
        }
        let Some(tags) = tags(text) else {
            let detail = "must be `*`, or tags as an ETag gives them, such as \"7-8f1c\"";
            let complaint = FieldError::new("If-Match", detail);
            return Err(ApiError::InvalidHeader(vec![complaint]));
        };
        // A weak tag never matches (strong comparison).
        let strong = tags.into_iter().filter(|(weak, _)| !weak);
        versions.extend(strong.filter_map(|(_, tag)| version(tag)));
    }
    Ok(given.then_some(Seen::Versions(versions)))
}

/// The record's version in a tag of ours.
fn version(tag: &str) -> Option<i64> {
    let (version, _) = tag.trim_matches('"').split_once('-')?;
    version.parse().ok()
}

/// A list of tags, each with whether it is weak; `None` if it is none.
fn tags(text: &str) -> Option<Vec<(bool, &str)>> {
    let mut tags = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let weak = rest.starts_with("W/");
        let opaque = rest.strip_prefix("W/").unwrap_or(rest);
        let end = opaque.strip_prefix('"')?.find('"')? + 2;
        tags.push((weak, &opaque[..end]));
        rest = opaque[end..].trim_start();
        rest = match rest.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    (!tags.is_empty()).then_some(tags)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn if_match_is_read_as_the_standard_has_it() {
        let seen = |value: &str| {
            let request = TestRequest::default().insert_header((IF_MATCH, value));
            seen(&request.to_http_request()).ok()
        };
        let versions = |versions: &[i64]| Some(Some(Seen::Versions(versions.to_vec())));
        for (value, expected) in [
            ("*", Some(Some(Seen::Any))),
            ("\"7-ab\"", versions(&[7])),
            ("\"7-ab\", \"8-cd\"", versions(&[7, 8])),
            ("W/\"7-ab\"", versions(&[])),
            ("\"of, another\"", versions(&[])),
            ("7", None),
            ("", None),
            ("\"7-ab", None),
            ("\"7-ab\" \"8-cd\"", None),
        ] {
            assert_eq!(seen(value), expected, "{value}");
        }
        let without = TestRequest::default().to_http_request();
        assert_eq!(super::seen(&without).ok(), Some(None));
    }

    #[test]
    fn if_none_match_knows_the_tag_weak_or_strong() {
        let tag = of(Some(3), b"{}");
        for (value, expected) in [
            ("*".to_owned(), true),
            (tag.clone(), true),
            (format!("\"x\", W/{tag}"), true),
            ("\"3-0\"".to_owned(), false),
            ("3".to_owned(), false),
        ] {
            let request = TestRequest::default().insert_header((IF_NONE_MATCH, value.as_str()));
            let request = request.to_http_request();
            assert_eq!(has(request.headers(), &tag), expected, "{value}");
        }
    }

    #[test]
    fn a_tag_differs_with_the_version_and_with_the_body() {
        assert_ne!(of(Some(3), b"{}"), of(Some(4), b"{}"));
        assert_ne!(of(Some(3), b"{}"), of(Some(3), b"[]"));
        assert_eq!(version(&of(Some(3), b"{}")), Some(3));
    }
}
