//! The chain's rule: a link's hash is SHA-256 over the hash before it and the
//! link's canonical JSON. Pure.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// The field that is known only under the lock of the chain's head.
const SEQ: &str = "seq";

/// What is hashed of an audit event: all of it but the hashes.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub seq: i64,
    pub id: Uuid,
    pub at: OffsetDateTime,
    pub tenant_id: Uuid,
    pub store_id: Option<String>,
    pub operation_id: Option<Uuid>,
    pub actor: String,
    pub request_id: Option<Uuid>,
    pub action: String,
    pub outcome: String,
    pub details: Value,
}

impl Link {
    /// The link's hash, given the one before it.
    pub fn hash(&self, prev_hash: &[u8]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(prev_hash);
        digest.update(canonical(&self.to_json()).as_bytes());
        digest.finalize().into()
    }

    /// The canonical JSON before and after the number, which is known last.
    pub fn around_seq(&self) -> (String, String) {
        let (mut before, mut after) = (self.to_json(), json!({}));
        if let (Some(fields), Some(rest)) = (before.as_object_mut(), after.as_object_mut()) {
            fields.remove(SEQ);
            let behind = fields.keys().filter(|key| key.as_str() > SEQ).cloned();
            for key in behind.collect::<Vec<_>>() {
                rest.extend(fields.remove(&key).map(|value| (key, value)));
            }
        }
        let (before, after) = (canonical(&before), canonical(&after));
        let before = before.strip_suffix('}').unwrap_or(&before);
        (format!("{before},\"{SEQ}\":"), after.replacen('{', ",", 1))
    }

    fn to_json(&self) -> Value {
        json!({
            SEQ: self.seq,
            "id": self.id,
            "at": self.at.to_offset(time::UtcOffset::UTC).format(&Rfc3339).unwrap_or_default(),
            "tenant_id": self.tenant_id,
            "store_id": self.store_id,
            "operation_id": self.operation_id,
            "actor": self.actor,
            "request_id": self.request_id,
            "action": self.action,
            "outcome": self.outcome,
            "details": self.details,
        })
    }
}

/// JSON without white space and with sorted keys, whatever order a map keeps.
/// Numbers in our details are integers, so they have one form only.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            let parts: Vec<_> = fields
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => {
            let parts: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", parts.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_sorts_keys_at_every_depth() {
        let value: Value =
            serde_json::from_str(r#"{"b": [1, {"z": "\"", "a": null}], "a": true}"#).unwrap();
        assert_eq!(
            canonical(&value),
            r#"{"a":true,"b":[1,{"a":null,"z":"\""}]}"#
        );
    }

    #[test]
    fn the_number_is_put_into_the_canonical_json() {
        let link = Link {
            request_id: Some(Uuid::max()),
            store_id: Some("store-{},\"seq\":".to_owned()),
            details: json!({"seq": 7, "z": {"a": [{}]}}),
            ..link()
        };

        let (before, after) = link.around_seq();

        assert_eq!(
            format!("{before}{}{after}", link.seq),
            canonical(&link.to_json())
        );
    }

    fn link() -> Link {
        Link {
            seq: 1,
            id: Uuid::nil(),
            at: OffsetDateTime::UNIX_EPOCH,
            tenant_id: Uuid::nil(),
            store_id: None,
            operation_id: None,
            actor: "local".to_owned(),
            request_id: None,
            action: "store.create.requested".to_owned(),
            outcome: "accepted".to_owned(),
            details: json!({}),
        }
    }

    #[test]
    fn every_field_and_the_hash_before_change_the_hash() {
        let link = link();
        let base = link.hash(&[0; 32]);

        assert_eq!(link.hash(&[0; 32]), base);
        assert_ne!(link.hash(&[1; 32]), base);
        assert_ne!(
            Link {
                seq: 2,
                ..link.clone()
            }
            .hash(&[0; 32]),
            base
        );
        assert_ne!(
            Link {
                actor: "x".to_owned(),
                ..link.clone()
            }
            .hash(&[0; 32]),
            base
        );
        assert_ne!(
            Link {
                details: json!({"a": 1}),
                ..link
            }
            .hash(&[0; 32]),
            base
        );
    }
}
