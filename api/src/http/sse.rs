//! Server-sent events on the wire (WHATWG HTML, "Server-sent events"). Only text;
//! what is said is decided elsewhere.

use std::fmt::Write as _;

use actix_web::HttpRequest;
use serde::Serialize;

use crate::error::ApiError;
use crate::error::problem::FieldError;

/// How long a client waits before it comes back.
const RETRY_MS: u32 = 2_000;
const LAST_EVENT_ID: &str = "Last-Event-ID";

/// Where the client was when its last stream ended.
///
/// # Errors
/// [`ApiError::InvalidHeader`] if it is none of our positions.
pub fn last_event_id(request: &HttpRequest) -> Result<Option<i64>, ApiError> {
    let Some(value) = request.headers().get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let known = value.to_str().ok().and_then(|text| position(text).ok());
    known.map(Some).ok_or_else(|| {
        let detail = "must be the id of an event of this stream";
        ApiError::InvalidHeader(vec![FieldError::new(LAST_EVENT_ID, detail)])
    })
}

/// A place in the stream, as text.
///
/// # Errors
/// What is wrong with it.
pub fn position(text: &str) -> Result<i64, &'static str> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let position = text.parse::<i64>().ok().filter(|_| digits);
    position.ok_or("must be the id of an event, or 0 for all that is kept")
}

/// What a stream begins with: when to come back, and from where.
pub fn begin(position: i64) -> String {
    format!("retry: {RETRY_MS}\nid: {position}\n\n")
}

/// A sign of life, which also moves the client's place on: an id without a
/// message is remembered and shown to nobody.
pub fn heartbeat(position: i64) -> String {
    format!(": nothing new\nid: {position}\n\n")
}

/// One message. JSON has no line breaks of its own, so it is one line.
pub fn event<T: Serialize>(text: &mut String, id: i64, name: &str, body: &T) {
    let body = serde_json::to_string(body).unwrap_or_default();
    // Cannot fail: writing to a string never does.
    let _ = write!(text, "id: {id}\nevent: {name}\ndata: {body}\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_digits_alone() {
        assert_eq!(position("0"), Ok(0));
        assert_eq!(position("42"), Ok(42));
        for text in ["", "-1", "+1", " 1", "x", "99999999999999999999"] {
            assert!(position(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_message_is_an_id_a_name_and_one_line() {
        let mut text = begin(6);
        event(&mut text, 7, "operation.step", &"two\nlines");
        text.push_str(&heartbeat(9));
        assert_eq!(
            text,
            "retry: 2000\nid: 6\n\nid: 7\nevent: operation.step\ndata: \"two\\nlines\"\n\n: nothing new\nid: 9\n\n"
        );
    }
}
