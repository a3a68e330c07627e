//! A store's labels: few, short, and the same rule wherever they come from. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

/// Labels of a store at most.
pub const MAX_LABELS: usize = 20;
/// Characters of a key, and of a value, at most.
pub const MAX_CHARS: usize = 63;

/// By key.
pub type Labels = BTreeMap<String, String>;
/// What shall be different: `None` takes a label away.
pub type LabelChange = BTreeMap<String, Option<String>>;

/// A label's key: lower case, digits, and `.`, `_`, `-` inside.
///
/// # Errors
/// What it has to be.
pub fn key(text: &str) -> Result<(), &'static str> {
    let edge = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let bytes = text.as_bytes();
    let inside =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(byte);
    let fits = bytes.len() <= MAX_CHARS
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(inside);
    if fits {
        Ok(())
    } else {
        Err("must be 1 to 63 of a-z, 0-9, `.`, `_` and `-`, with a letter or digit at both ends")
    }
}

/// A label's value: anything short that can be seen.
///
/// # Errors
/// What it has to be.
pub fn value(text: &str) -> Result<(), &'static str> {
    if text.chars().count() <= MAX_CHARS && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err("must have at most 63 characters, and no control characters")
    }
}

/// What is said of labels in a body.
///
/// # Errors
/// The first complaint.
pub fn change(given: &Value) -> Result<LabelChange, String> {
    let Value::Object(given) = given else {
        return Err("must be an object of texts".to_owned());
    };
    let mut labels = LabelChange::new();
    for (name, said) in given {
        let shown: String = name.chars().take(MAX_CHARS).collect();
        key(name).map_err(|wrong| format!("has the key `{shown}`, which {wrong}"))?;
        let said = match said {
            Value::Null => None,
            Value::String(text) => {
                value(text).map_err(|wrong| format!("has a value of `{shown}` that {wrong}"))?;
                Some(text.clone())
            }
            _ => {
                return Err(format!(
                    "has a value of `{shown}` that is neither a text nor null"
                ));
            }
        };
        labels.insert(name.clone(), said);
    }
    if labels.len() > MAX_LABELS {
        return Err(format!("must have at most {MAX_LABELS} labels"));
    }
    Ok(labels)
}

/// The labels with a change.
#[must_use]
pub fn changed(labels: &Labels, change: &LabelChange) -> Labels {
    let mut labels = labels.clone();
    for (name, said) in change {
        match said {
            Some(text) => labels.insert(name.clone(), text.clone()),
            None => labels.remove(name),
        };
    }
    labels
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_and_values_that_no_filter_could_name_are_refused() {
        for good in ["a", "team", "cost-center", "x.y_z-0", "1"] {
            assert!(key(good).is_ok(), "{good}");
        }
        for bad in ["", "A", "-a", "a-", "a b", "ä", "a:b", "a=b"] {
            assert!(key(bad).is_err(), "{bad}");
        }
        assert!(key(&"a".repeat(64)).is_err());
        assert!(value("Café 7").is_ok() && value("").is_ok());
        assert!(value("a\u{0}").is_err() && value(&"é".repeat(64)).is_err());
    }

    #[test]
    fn a_change_adds_replaces_and_takes_away() {
        let before: Labels = [("a", "1"), ("b", "2")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let after = changed(
            &before,
            &change(&json!({"a": null, "b": "3", "c": "4"})).unwrap(),
        );
        assert_eq!(json!(after), json!({"b": "3", "c": "4"}));
        for bad in [
            json!([]),
            json!({"A": "x"}),
            json!({"a": 1}),
            json!({"a": "\n"}),
        ] {
            assert!(change(&bad).is_err(), "{bad}");
        }
    }
}
