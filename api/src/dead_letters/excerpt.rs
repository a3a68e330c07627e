//! What of an unusable message may be shown: short, printable, and without what
//! may be a secret or a person's address. Pure.

use serde_json::Value;

/// Characters of an excerpt at most.
const MAX_CHARS: usize = 600;
/// Characters of a text in it at most.
const MAX_TEXT: usize = 120;
/// Keys that hold, by any part of their name, what nobody shall read here.
const HIDDEN: [&str; 7] = [
    "password",
    "secret",
    "token",
    "credential",
    "authorization",
    "email",
    "private",
];

/// The excerpt of a payload; of one that is no JSON only its size is told, as
/// nothing is known of what it holds.
pub fn of(payload: &[u8]) -> String {
    match serde_json::from_slice::<Value>(payload) {
        Ok(value) => cut(&hidden(value).to_string(), MAX_CHARS),
        Err(_) => format!("{} bytes that are not JSON", payload.len()),
    }
}

fn hidden(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| {
                let name = key.to_lowercase();
                let shown = if HIDDEN.iter().any(|part| name.contains(part)) {
                    Value::from("(hidden)")
                } else {
                    hidden(value)
                };
                (cut(&key, MAX_TEXT), shown)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(hidden).collect(),
        Value::String(text) => Value::from(cut(&text, MAX_TEXT)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_addresses_are_hidden_wherever_they_stand() {
        let payload = br#"{"store_id":"store-bcdfgh","body":[{"admin_email":"a@b.co","dbPassword":{"x":1}}],"n":7}"#;
        assert_eq!(
            of(payload),
            r#"{"body":[{"admin_email":"(hidden)","dbPassword":"(hidden)"}],"n":7,"store_id":"store-bcdfgh"}"#
        );
    }

    #[test]
    fn what_is_no_json_is_only_counted_and_what_is_long_is_cut() {
        assert_eq!(of(b"password=hunter2"), "16 bytes that are not JSON");
        let long = serde_json::json!(["x".repeat(5_000), "y".repeat(5_000)]).to_string();
        assert!(of(long.as_bytes()).chars().count() < 300);
        let many = serde_json::json!(vec!["z"; 1_000]).to_string();
        assert_eq!(of(many.as_bytes()).chars().count(), MAX_CHARS + 1);
    }
}
