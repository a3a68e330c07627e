//! `urumi audit verify`: the chain of hashes, part by part to its end.

use std::str::FromStr;

use serde_json::{Value, json};

use crate::client::Client;
use crate::exit::Failed;
use crate::output::{Form, text, whole};
use crate::screen;

/// A row and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    seq: String,
    hash: String,
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (seq, hash) = text.split_once(':').ok_or(WANTED)?;
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if seq.parse::<u64>().is_err() || hash.len() != 64 || !hash.bytes().all(hex) {
            return Err(WANTED);
        }
        let (seq, hash) = (seq.to_owned(), hash.to_owned());
        Ok(Self { seq, hash })
    }
}

const WANTED: &str = "must be a row's number and its hash, such as `4711:5f2b…` (64 hex digits)";

impl Place {
    fn of(place: &Value) -> Self {
        let (seq, hash) = (text(&place["seq"]), text(&place["hash"]));
        Self { seq, hash }
    }
}

/// Look at every row.
///
/// # Errors
/// That a row, or the kept head, does not fit (exit code 1).
pub async fn run(
    client: &Client,
    form: Form,
    head: Option<Place>,
    mut from: Option<Place>,
) -> Result<(), Failed> {
    let mut rows = 0;
    let mut found = loop {
        let mut query = Vec::new();
        for (place, names) in [
            (&head, ["head_seq", "head_hash"]),
            (&from, ["from_seq", "from_hash"]),
        ] {
            if let Some(Place { seq, hash }) = place {
                query.extend([(names[0], seq.as_str()), (names[1], hash.as_str())]);
            }
        }
        let found = client.get_with("/audit/verify", &query).await?;
        rows += found["rows"].as_u64().unwrap_or_default();
        let next = Place::of(&found["checked_to"]);
        let ended = found["complete"] == true || found["valid"] != true;
        if ended || from.as_ref() == Some(&next) {
            break found;
        }
        from = Some(next);
    };
    found["rows"] = json!(rows);
    let Place { seq, hash } = Place::of(&found["checked_to"]);
    screen::show(&match form {
        Form::Table | Form::Wide => format!("{rows} rows looked at, good to {seq}:{hash}"),
        Form::Name => format!("{seq}:{hash}"),
        Form::Json | Form::Yaml => whole(form, &found)?,
    })?;
    judge(&found)
}

fn judge(found: &Value) -> Result<(), Failed> {
    if found["valid"] == true && found["complete"] == true {
        return Ok(());
    }
    let bad = &found["first_bad"];
    let what = if bad.is_object() {
        let (seq, reason) = (text(&bad["seq"]), text(&bad["reason"]));
        format!("the audit was tampered with at row {seq}: {reason}")
    } else {
        "the audit does not fit: its end was not reached".to_owned()
    };
    Err(Failed::new(what)
        .next("keep the database as it is, and compare with an earlier `urumi audit export`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_number_and_a_hash() {
        let hash = "5f".repeat(32);
        let place: Place = format!("12:{hash}").parse().unwrap();
        assert_eq!(place, Place::of(&json!({"seq": 12, "hash": hash})));
        for wrong in [
            "",
            "12",
            "12:5f",
            &format!("x:{hash}"),
            &format!("1:{}", "Z".repeat(64)),
        ] {
            assert_eq!(wrong.parse::<Place>().unwrap_err(), WANTED, "{wrong}");
        }
    }

    #[test]
    fn a_bad_row_and_an_unseen_end_are_failures() {
        assert!(judge(&json!({"valid": true, "complete": true})).is_ok());
        let bad = json!({"valid": false, "complete": false,
            "first_bad": {"seq": 7, "reason": "the row is not what was written"}});
        let failed = judge(&bad).unwrap_err();
        assert_eq!(failed.code, 1);
        assert!(
            failed.what.contains("row 7: the row is not"),
            "{}",
            failed.what
        );
        assert!(judge(&json!({"valid": true, "complete": false})).is_err());
    }
}
