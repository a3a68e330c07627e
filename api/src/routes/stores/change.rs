//! What may be changed of a store, parsed: every field optional, none unknown.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use shared::plan::Plan;
use shared::store_name::StoreName;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::http::json::{Fields, JsonObject, kind_of, whole};
use crate::routes::stores::{labels_body, new_store};
use crate::stores::labels;
use crate::stores::update::Change;

/// Web pods at most; the chart's own bound.
const MAX_REPLICAS: u32 = 50;
/// Characters of a chart's version at most.
const MAX_VERSION: usize = 64;
/// Characters of an image's tag at most (the distribution specification's).
const MAX_TAG: usize = 128;

/// What shall be different; what is left out stays. `null` leaves a part to the
/// platform again.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "plan": "medium", "replicas": 2 }))]
#[allow(
    dead_code,
    reason = "the shape of the document; parsing collects all complaints by itself"
)]
pub struct ChangeBody {
    /// Display name.
    #[schema(nullable = false)]
    pub name: Option<StoreName>,
    /// Size.
    #[schema(nullable = false)]
    pub plan: Option<Plan>,
    /// Version of the store's chart; null for the newest that the workers have.
    #[schema(
        max_length = 64,
        pattern = r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)([-+][0-9A-Za-z.+-]+)?$",
        example = "0.1.0"
    )]
    pub chart: Option<String>,
    /// Tag of the web image; null for the platform's own.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        example = "7.0.2"
    )]
    pub image: Option<String>,
    /// Number of web pods; null for the platform's own.
    #[schema(minimum = 1, maximum = 50, example = 2)]
    pub replicas: Option<u32>,
    /// Labels to set; null takes one away, and what is not named stays.
    #[schema(schema_with = labels_body::changed_labels)]
    pub labels: Option<BTreeMap<String, Option<String>>>,
    /// While it is true, a delete is refused.
    #[schema(nullable = false)]
    pub deletion_protection: Option<bool>,
}

/// The versions to move to; without any, the newest that the workers have.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "chart": "0.2.0" }))]
#[allow(
    dead_code,
    reason = "the shape of the document; parsing collects all complaints by itself"
)]
pub struct UpgradeBody {
    /// Version of the store's chart; null for the newest that the workers have.
    #[schema(
        max_length = 64,
        pattern = r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)([-+][0-9A-Za-z.+-]+)?$",
        example = "0.2.0"
    )]
    pub chart: Option<String>,
    /// Tag of the web image; null for the platform's own.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        example = "7.0.2"
    )]
    pub image: Option<String>,
}

/// The body of a PATCH.
///
/// # Errors
/// [`ApiError::InvalidBody`] with every complaint.
pub fn parse(body: JsonObject) -> Result<Change, ApiError> {
    let mut fields = Fields::of(body);
    let change = Change {
        name: fields.text("name", str::parse::<StoreName>),
        plan: fields.text("plan", new_store::plan),
        chart: fields.value("chart", |value| version(value).map_err(str::to_owned)),
        image: fields.value("image", |value| tag(value).map_err(str::to_owned)),
        replicas: fields.value("replicas", replicas),
        labels: fields.value("labels", labels::change).unwrap_or_default(),
        deletion_protection: fields.value("deletion_protection", new_store::truth),
    };
    fields.finish()?;
    Ok(change)
}

/// The body of an upgrade.
///
/// # Errors
/// [`ApiError::InvalidBody`] with every complaint.
pub fn parse_upgrade(body: JsonObject) -> Result<Change, ApiError> {
    if body.0.is_empty() {
        return Ok(Change::newest());
    }
    let mut fields = Fields::of(body);
    let change = Change {
        chart: fields.value("chart", |value| version(value).map_err(str::to_owned)),
        image: fields.value("image", |value| tag(value).map_err(str::to_owned)),
        ..Change::default()
    };
    fields.finish()?;
    Ok(change)
}

/// What makes two changes the same.
pub fn fingerprint(change: &Change) -> Value {
    json!({
        "name": change.name, "plan": change.plan, "chart": change.chart.as_ref().map(|to| json!([to])),
        "image": change.image.as_ref().map(|to| json!([to])),
        "replicas": change.replicas.as_ref().map(|to| json!([to])),
        "labels": change.labels, "deletion_protection": change.deletion_protection,
    })
}

/// A semantic version.
fn version(value: &Value) -> Result<Option<String>, &'static str> {
    const WRONG: &str = "must be a chart's version such as 0.1.0, or null for the newest";
    let Some(text) = text_or_null(value).map_err(|()| WRONG)? else {
        return Ok(None);
    };
    let (numbers, rest) = match text.find(['-', '+']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let numbers: Vec<&str> = numbers.split('.').collect();
    let number = |text: &&str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && (*text == "0" || !text.starts_with('0'))
    };
    let more = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte))
    };
    if text.len() <= MAX_VERSION
        && numbers.len() == 3
        && numbers.iter().all(number)
        && rest.is_none_or(more)
    {
        Ok(Some(text.to_owned()))
    } else {
        Err(WRONG)
    }
}

/// A tag as registries take it.
fn tag(value: &Value) -> Result<Option<String>, &'static str> {
    const WRONG: &str = "must be an image's tag such as 7.0.2, or null for the platform's own";
    let Some(text) = text_or_null(value).map_err(|()| WRONG)? else {
        return Ok(None);
    };
    let ok = (1..=MAX_TAG).contains(&text.len())
        && !text.starts_with(['.', '-'])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    if ok {
        Ok(Some(text.to_owned()))
    } else {
        Err(WRONG)
    }
}

fn text_or_null(value: &Value) -> Result<Option<&str>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(()),
    }
}

fn replicas(value: &Value) -> Result<Option<u32>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let count = whole(value).and_then(|count| u32::try_from(count).ok());
    match count.filter(|count| (1..=MAX_REPLICAS).contains(count)) {
        Some(count) => Ok(Some(count)),
        None => Err(format!(
            "must be a whole number from 1 to {MAX_REPLICAS}, or null for the platform's own; is {}",
            if value.is_number() {
                value.to_string()
            } else {
                kind_of(value).to_owned()
            }
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(value: Value) -> Result<Change, ApiError> {
        let Value::Object(fields) = value else {
            panic!("an object")
        };
        parse(JsonObject(fields))
    }

    #[test]
    fn what_is_left_out_stays_and_null_leaves_it_to_the_platform() {
        assert_eq!(change(json!({})).unwrap(), Change::default());
        let some = change(json!({"chart": null, "image": "7.0.2", "replicas": 2})).unwrap();
        assert_eq!(some.chart, Some(None));
        assert_eq!(some.image, Some(Some("7.0.2".to_owned())));
        assert_eq!(some.replicas, Some(Some(2)));
        assert_eq!(
            parse_upgrade(JsonObject::default()).unwrap(),
            Change::newest()
        );
    }

    #[test]
    fn all_complaints_come_at_once() {
        let error = change(json!({
            "name": null, "plan": "huge", "chart": "v1", "image": "a b", "replicas": 0, "tag": 1
        }))
        .unwrap_err();
        let pointers: Vec<_> = error
            .fields()
            .iter()
            .map(|field| field.pointer.as_str())
            .collect();
        assert_eq!(
            pointers,
            ["/name", "/plan", "/chart", "/image", "/replicas", "/tag"]
        );
    }

    #[test]
    fn versions_and_tags_that_helm_or_a_registry_would_refuse_are_refused_here() {
        for good in ["0.1.0", "1.20.3-rc.1", "1.0.0+build.7"] {
            assert!(version(&json!(good)).is_ok(), "{good}");
        }
        for bad in [
            "", "1", "1.2", "v1.2.3", "1.2.3-", "01.2.3", "1.2.3 ", "1.2.3-é", "../x",
        ] {
            assert!(version(&json!(bad)).is_err(), "{bad}");
        }
        for good in ["latest", "7.0.2", "_a-b.c"] {
            assert!(tag(&json!(good)).is_ok(), "{good}");
        }
        for bad in ["", ".a", "-a", "a:b", "a/b", "a@sha256:b"] {
            assert!(tag(&json!(bad)).is_err(), "{bad}");
        }
        for bad in [
            json!(0),
            json!(51),
            json!(1.5),
            json!(1e300),
            json!("2"),
            json!(-1),
        ] {
            assert!(replicas(&bad).is_err(), "{bad}");
        }
        assert_eq!(replicas(&json!(2.0)), Ok(Some(2)));
    }
}
