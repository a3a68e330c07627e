//! An example for a schema, from the examples of its parts: what a shop that is
//! well looks like. Pure.

use serde_json::{Map, Value, json};

use crate::openapi::samples::{ID, STORE};

/// A text of which nothing is known.
const UNKNOWN: &str = "text";

/// What a thing that is well does not have.
const ABSENT: &[&str] = &[
    "failure",
    "waiting",
    "refusal",
    "first_bad",
    "deleted_at",
    "revoked_at",
    "replayed_at",
    "deadline_at",
    "disabled_reason",
    "failing_since",
    "previous_secret_until",
    "next_attempt_at",
    "error",
    "reasons",
    "evidence",
    "prev_cursor",
];

/// What stands in fields that have no example of their own.
const TEXTS: &[(&str, &str)] = &[
    ("admin_email", "owner@example.com"),
    ("chart", "0.2.0"),
    ("found_chart", "store-0.2.0"),
    ("recorded_chart", "store-0.1.0"),
    ("image", "7.0.2"),
    (
        "prev_hash",
        "5f2b8c1d5f2b8c1d5f2b8c1d5f2b8c1d5f2b8c1d5f2b8c1d5f2b8c1d5f2b8c1d",
    ),
    (
        "hash",
        "0de11fe90de11fe90de11fe90de11fe90de11fe90de11fe90de11fe90de11fe9",
    ),
    ("created_by", "key:urumi_k7q2mxbc49"),
    (
        "key",
        "urumi_k7q2mxbc49_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ),
    ("excerpt", "{\"v\":1,\"kind\":\"Paused\"}"),
    ("algorithm", "Ed25519"),
    ("public_key", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
    (
        "pem",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
    ),
    ("next_cursor", "MWYxNzk1MjMzNjAwMDAwMDAw"),
    ("store_id", STORE),
];

/// Of several words the one that is met most.
const USUAL: &[&str] = &[
    "Ready",
    "Succeeded",
    "Healthy",
    "Create",
    "Active",
    "Delivered",
    "operator",
];

/// An example of what that schema describes; `schemas` are the document's own.
pub fn of(schema: &Value, schemas: &Value) -> Value {
    let given = schema
        .get("example")
        .or_else(|| schema.pointer("/examples/0"));
    if let Some(given) = given {
        return given.clone();
    }
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        return of(&schemas[name], schemas);
    }
    if let Some(all) = schema["allOf"].as_array() {
        let parts = all.iter().filter_map(|part| match of(part, schemas) {
            Value::Object(fields) => Some(fields),
            _ => None,
        });
        return Value::Object(parts.flatten().collect());
    }
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    if let Some(choices) = choices {
        let some = choices.iter().find(|choice| choice["type"] != "null");
        return some.map_or(Value::Null, |choice| of(choice, schemas));
    }
    if let Some(words) = schema["enum"].as_array() {
        let usual = words
            .iter()
            .find(|word| word.as_str().is_some_and(|word| USUAL.contains(&word)));
        return usual.or(words.first()).cloned().unwrap_or_default();
    }
    by_type(schema, schemas)
}

fn by_type(schema: &Value, schemas: &Value) -> Value {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds
            .iter()
            .find(|kind| *kind != "null")
            .and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("string") => text(schema),
        Some("integer" | "number") => json!(schema["minimum"].as_u64().unwrap_or(0).max(1)),
        Some("boolean") => json!(false),
        Some("array") => json!([of(&schema["items"], schemas)]),
        Some("object") => object(schema, schemas),
        _ => Value::Null,
    }
}

fn object(schema: &Value, schemas: &Value) -> Value {
    let Some(properties) = schema["properties"].as_object() else {
        return json!({});
    };
    let mut fields = Map::new();
    for (name, property) in properties {
        let value = match of(property, schemas) {
            Value::Array(_) if ABSENT.contains(&name.as_str()) => json!([]),
            _ if ABSENT.contains(&name.as_str()) => Value::Null,
            Value::String(text) if text == UNKNOWN => {
                let known = TEXTS.iter().find(|(field, _)| field == name);
                json!(known.map_or(UNKNOWN, |(_, text)| text))
            }
            value => value,
        };
        fields.insert(name.clone(), value);
    }
    Value::Object(fields)
}

fn text(schema: &Value) -> Value {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    match schema["format"].as_str() {
        Some("uuid") => json!(ID),
        Some("date-time") => json!("2026-11-24T03:00:00Z"),
        _ if pattern.starts_with("^[0-9a-f]{64}") => json!("5f2b8c1d".repeat(8)),
        _ if pattern.starts_with("^store-") => json!(STORE),
        _ => json!(UNKNOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_built_from_the_examples_of_the_parts() {
        let schemas = json!({
            "Size": { "type": "string", "enum": ["small", "large"] },
            "Shop": { "type": "object", "properties": {
                "size": { "$ref": "#/components/schemas/Size" },
                "name": { "type": "string", "example": "My Shop" },
                "failure": { "oneOf": [{ "type": "null" }, { "type": "object" }] },
                "pods": { "type": ["integer", "null"], "minimum": 2 },
                "since": { "type": "array", "items": { "type": "string", "format": "date-time" } },
            } },
        });
        let shop = of(&json!({ "$ref": "#/components/schemas/Shop" }), &schemas);
        let expected = json!({
            "size": "small", "name": "My Shop", "failure": null, "pods": 2, "since": ["2026-11-24T03:00:00Z"],
        });
        assert_eq!(shop, expected);
    }
}
