//! A request's JSON body: bounded, typed, and refused with a sentence. An empty
//! body is an empty object.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{BytesMut, Data};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt as _;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::error::ApiError;
use crate::error::problem::FieldError;
use crate::http::state::AppState;
use crate::http::unique::Unique;

/// Bytes of a body at most.
pub const MAX_BODY: usize = 64 * 1024;

/// The fields of a JSON object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JsonObject(pub Map<String, Value>);

impl FromRequest for JsonObject {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .map(|value| value.to_str().unwrap_or("?").to_owned());
        let payload = payload.take();
        let patience = request
            .app_data::<Data<AppState>>()
            .map_or(Duration::from_secs(10), |state| {
                Duration::from_millis(state.settings.http.body_timeout_ms)
            });
        Box::pin(async move {
            let body = timeout(patience, read(payload));
            let body = body.await.map_err(|_| ApiError::BodyTimeout(patience))??;
            parse(content_type.as_deref(), &body)
        })
    }
}

async fn read(mut payload: Payload) -> Result<BytesMut, ApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| match error {
            PayloadError::Overflow => ApiError::PayloadTooLarge(MAX_BODY),
            other => ApiError::BodyLost(other),
        })?;
        if body.len() + chunk.len() > MAX_BODY {
            return Err(ApiError::PayloadTooLarge(MAX_BODY));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse(content_type: Option<&str>, body: &[u8]) -> Result<JsonObject, ApiError> {
    if body.is_empty() {
        return Ok(JsonObject::default());
    }
    if !content_type.is_some_and(is_json) {
        let found = content_type.map_or_else(
            || "not given".to_owned(),
            |found| format!("`{}`", found.chars().take(100).collect::<String>()),
        );
        return Err(ApiError::UnsupportedMediaType(found));
    }
    let Unique(value) =
        serde_json::from_slice(body).map_err(|error| ApiError::InvalidJson(error.to_string()))?;
    match value {
        Value::Object(fields) => Ok(JsonObject(fields)),
        other => {
            let detail = format!("must be an object, is {}", kind_of(&other));
            Err(ApiError::InvalidBody(vec![FieldError::new("", detail)]))
        }
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// What a value is, in words for people.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A whole number, however it is written: to JSON 2.0 is 2.
pub fn whole(value: &Value) -> Option<i64> {
    let written = || {
        let number = value.as_f64().filter(|number| number.fract() == 0.0)?;
        format!("{number:.0}").parse().ok()
    };
    value.as_i64().or_else(written)
}

/// Takes fields out of an object and collects every complaint, so that a caller
/// learns all of them at once.
#[derive(Debug)]
pub struct Fields {
    left: Map<String, Value>,
    known: Vec<&'static str>,
    complaints: Vec<FieldError>,
}

impl Fields {
    pub fn of(object: JsonObject) -> Self {
        Self {
            left: object.0,
            known: Vec::new(),
            complaints: Vec::new(),
        }
    }

    /// An optional text field, read by `read`.
    pub fn text<T, E: ToString>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.value(name, |value| match value {
            Value::String(text) => read(text).map_err(|error| error.to_string()),
            other => Err(format!("must be a string, is {}", kind_of(other))),
        })
    }

    /// An optional field of any type, read by `read`.
    pub fn value<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        self.known.push(name);
        let value = self.left.remove(name)?;
        read(&value)
            .map_err(|detail| {
                self.complaints
                    .push(FieldError::new(format!("/{name}"), detail))
            })
            .ok()
    }

    /// What was complained about; fields nobody asked for too.
    pub fn finish(mut self) -> Result<(), ApiError> {
        let known = self.known.join("`, `");
        for name in self.left.keys() {
            let name: String = name.chars().take(60).collect();
            let detail = format!("is not a known field; known are `{known}`");
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            self.complaints.push(FieldError::new(pointer, detail));
        }
        if self.complaints.is_empty() {
            Ok(())
        } else {
            Err(ApiError::InvalidBody(self.complaints))
        }
    }
}
