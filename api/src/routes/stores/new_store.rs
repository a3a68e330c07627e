//! The body of `POST /stores`, parsed: every field optional, none unknown.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use shared::plan::Plan;
use shared::store_name::StoreName;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::http::json::{Fields, JsonObject, kind_of};
use crate::routes::stores::labels_body;
use crate::stores::create::NewStore;
use crate::stores::labels::{self, Labels};

/// Name of a store that was given none.
pub const DEFAULT_NAME: &str = "My Store";

/// The wanted store; every field may be left out, and the whole body too.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(
    dead_code,
    reason = "the shape of the document; parsing collects all complaints by itself"
)]
pub struct NewStoreBody {
    /// Display name, `My Store` if left out.
    #[schema(nullable = false)]
    pub name: Option<StoreName>,
    /// Size, `small` if left out.
    #[schema(nullable = false)]
    pub plan: Option<Plan>,
    /// Address of the shop's owner.
    #[schema(
        nullable = false,
        max_length = 100,
        pattern = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$",
        example = "owner@example.com"
    )]
    pub admin_email: Option<String>,
    /// For finding it again.
    #[schema(schema_with = labels_body::new_labels)]
    pub labels: Option<BTreeMap<String, String>>,
    /// While it is true, a delete is refused; false if left out.
    #[schema(nullable = false)]
    pub deletion_protection: Option<bool>,
}

/// # Errors
/// [`ApiError::InvalidBody`] with every complaint.
pub fn parse(body: JsonObject) -> Result<NewStore, ApiError> {
    let mut fields = Fields::of(body);
    let name = fields.text("name", str::parse::<StoreName>);
    let plan = fields.text("plan", plan);
    let admin_email = fields.text("admin_email", email);
    let labels = fields.value("labels", new_labels);
    let deletion_protection = fields.value("deletion_protection", truth);
    fields.finish()?;
    Ok(NewStore {
        name: name.unwrap_or_else(default_name),
        plan: plan.unwrap_or_default(),
        admin_email,
        labels: labels.unwrap_or_default(),
        deletion_protection: deletion_protection.unwrap_or(false),
    })
}

#[expect(clippy::expect_used, reason = "a valid constant")]
fn default_name() -> StoreName {
    DEFAULT_NAME.parse().expect("a valid constant")
}

/// Labels of a store that has none yet: there is nothing to take away.
fn new_labels(value: &Value) -> Result<Labels, String> {
    let labels = labels::change(value)?;
    let present = |(key, said): (String, Option<String>)| match said {
        Some(text) => Ok((key, text)),
        None => Err(format!("has no text for `{key}`")),
    };
    labels.into_iter().map(present).collect()
}

/// `true` or `false`.
pub fn truth(value: &Value) -> Result<bool, String> {
    let wrong = || format!("must be true or false, is {}", kind_of(value));
    value.as_bool().ok_or_else(wrong)
}

/// A plan's name.
pub fn plan(text: &str) -> Result<Plan, &'static str> {
    match text {
        "small" => Ok(Plan::Small),
        "medium" => Ok(Plan::Medium),
        "large" => Ok(Plan::Large),
        _ => Err("must be one of `small`, `medium`, `large`"),
    }
}

/// What WordPress takes for an address: one `@`, a name before it and a domain
/// with a dot behind it, from a small set of characters, at most 100 (the width
/// of its column).
fn email(text: &str) -> Result<String, &'static str> {
    const WRONG: &str = "must be an e-mail address such as owner@example.com";
    if text.len() > 100 {
        return Err("must have at most 100 characters");
    }
    let (name, domain) = text.split_once('@').ok_or(WRONG)?;
    let name_ok = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&byte));
    let labels: Vec<&str> = domain.split('.').collect();
    let label_ok = |label: &&str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if name_ok && labels.len() >= 2 && labels.iter().all(label_ok) {
        Ok(text.to_owned())
    } else {
        Err(WRONG)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse_json(value: Value) -> Result<NewStore, ApiError> {
        let Value::Object(fields) = value else {
            panic!("an object")
        };
        parse(JsonObject(fields))
    }

    #[test]
    fn an_empty_body_is_a_small_store_with_the_default_name() {
        let store = parse_json(json!({})).unwrap();
        assert_eq!(
            (store.name.as_str(), store.plan, store.admin_email),
            (DEFAULT_NAME, Plan::Small, None)
        );
    }

    #[test]
    fn all_complaints_come_at_once() {
        let error = parse_json(
            json!({"name": "x".repeat(61), "plan": "huge", "admin_email": 7, "labels": {"A": "x"}, "deletion_protection": 1, "nam": ""}),
        )
        .unwrap_err();
        let pointers: Vec<_> = error
            .fields()
            .iter()
            .map(|field| field.pointer.as_str())
            .collect();
        assert_eq!(
            pointers,
            [
                "/name",
                "/plan",
                "/admin_email",
                "/labels",
                "/deletion_protection",
                "/nam"
            ]
        );
    }

    #[test]
    fn addresses_that_wordpress_would_refuse_are_refused_here() {
        for good in [
            "owner@example.com",
            "a.b+c@shop.example.co",
            "o'neil@x-y.example",
        ] {
            assert_eq!(email(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "owner",
            "@example.com",
            "a@b",
            "a@b..com",
            "a@-b.com",
            "a b@c.de",
            "a@b.com\n",
            "a@b@c.com",
            "é@example.com",
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
