//! Labels in a body, as the contract describes them. The rule itself is in
//! stores/labels.rs.

use serde_json::{Value, json};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{Object, ObjectBuilder, Type};

use crate::stores::labels::{MAX_CHARS, MAX_LABELS};

const KEY: &str = "^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$";
const TEXT: &str = r"^[^\u0000-\u001F\u007F-\u009F]*$";

/// Of a store that has none yet.
pub fn new_labels() -> Object {
    let said = "For finding it again: short texts by key.";
    labels(Type::String.into(), said, json!({ "team": "north" }))
}

/// Of a change.
pub fn changed_labels() -> Object {
    let text_or_null = SchemaType::from_iter([Type::String, Type::Null]);
    let said = "Labels to set; null takes one away, and what is not named stays.";
    labels(text_or_null, said, json!({ "team": "north", "old": null }))
}

fn labels(value: SchemaType, description: &str, example: Value) -> Object {
    let text = ObjectBuilder::new()
        .schema_type(value)
        .max_length(Some(MAX_CHARS))
        .pattern(Some(TEXT));
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(MAX_CHARS))
        .pattern(Some(KEY));
    ObjectBuilder::new()
        .description(Some(description))
        .property_names(Some(key.build()))
        .additional_properties(Some(text))
        .max_properties(Some(MAX_LABELS))
        .examples([example])
        .build()
}
