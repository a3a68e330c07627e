//! An API key on the wire, and the body that asks for one.

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::Role;
use crate::access::keys::{self, Closed};
use crate::db::DbError;
use crate::entity::api_key::Model;
use crate::error::ApiError;
use crate::error::problem::FieldError;
use crate::http::json::{Fields, JsonObject};
use crate::record::rows::{UnreadableRow, now, to_micros};

/// Whether a key opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum KeyStatus {
    /// It does.
    Active,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

/// An API key.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeyView {
    /// Identity.
    pub id: Uuid,
    /// Whose it is.
    pub tenant_id: Uuid,
    /// What it is for, in its owner's words.
    #[schema(example = "ci")]
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// How the key begins: enough to know it by, too little to use it.
    #[schema(example = "urumi_k7q2mxbc49")]
    pub prefix: String,
    /// Whether it opens anything.
    pub status: KeyStatus,
    /// Who gave it out.
    pub created_by: String,
    /// When it was given out.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it ends by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When it was taken back.
    #[serde(with = "time::serde::rfc3339::option")]
    pub revoked_at: Option<OffsetDateTime>,
    /// When it was last used, to a minute.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
    /// The whole key: only in the first answer to `POST /keys`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub key: Option<String>,
}

impl KeyView {
    /// # Errors
    /// A role that this build does not know.
    pub fn of(row: &Model) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            tenant_id: row.tenant_id,
            name: row.name.clone(),
            role: Role::parse(&row.role)
                .ok_or_else(|| UnreadableRow::new("api_keys.role", &row.role))?,
            prefix: row.prefix.clone(),
            status: match keys::opens(row, now()) {
                Ok(()) => KeyStatus::Active,
                Err(Closed::Expired) => KeyStatus::Expired,
                Err(Closed::Revoked | Closed::Unknown) => KeyStatus::Revoked,
            },
            created_by: row.created_by.clone(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
            key: None,
        })
    }
}

/// The wanted key.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "ci", "role": "operator", "expires_at": "2035-01-01T00:00:00Z" }))]
#[allow(
    dead_code,
    reason = "the shape of the document; parsing collects all complaints by itself"
)]
pub struct NewKeyBody {
    /// What it is for.
    #[schema(
        min_length = 1,
        max_length = 60,
        example = "ci",
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"
    )]
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it shall end by itself; never if left out.
    #[schema(nullable = false, format = "date-time")]
    pub expires_at: Option<String>,
    /// Whose it shall be; yours if left out. Others' only for who runs the platform.
    #[schema(nullable = false)]
    pub tenant_id: Option<Uuid>,
}

/// A key that is asked for.
#[derive(Debug)]
pub struct Asked {
    pub name: String,
    pub role: Role,
    pub expires_at: Option<OffsetDateTime>,
    pub tenant_id: Option<Uuid>,
}

/// # Errors
/// [`ApiError::InvalidBody`] with every complaint.
pub fn parse(body: JsonObject) -> Result<Asked, ApiError> {
    let mut missing = Vec::new();
    for name in ["name", "role"] {
        if !body.0.contains_key(name) {
            missing.push(FieldError::new(format!("/{name}"), "is needed"));
        }
    }
    let mut fields = Fields::of(body);
    let name = fields.text("name", label);
    let role = fields.text("role", |text| {
        Role::parse(text).ok_or("must be one of `viewer`, `operator`, `admin`")
    });
    let expires_at = fields.text("expires_at", later);
    let tenant_id = fields.text("tenant_id", |text| {
        text.parse::<Uuid>().map_err(|_| "must be a tenant's id")
    });
    fields.finish()?;
    match (name, role) {
        (Some(name), Some(role)) => Ok(Asked {
            name,
            role,
            expires_at,
            tenant_id,
        }),
        _ => Err(ApiError::InvalidBody(missing)),
    }
}

fn label(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    let text = text.trim();
    if length > 60 || text.is_empty() {
        return Err(format!(
            "must have 1 to 60 characters, and some that can be seen; has {length}"
        ));
    }
    if text.chars().any(char::is_control) {
        return Err("must not hold control characters".to_owned());
    }
    Ok(text.to_owned())
}

fn later(text: &str) -> Result<OffsetDateTime, &'static str> {
    let at = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "must be a time such as 2035-01-01T00:00:00Z")?;
    if at > now() {
        Ok(to_micros(at))
    } else {
        Err("must be in the future")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn asked(value: Value) -> Result<Asked, ApiError> {
        let Value::Object(fields) = value else {
            panic!("an object")
        };
        parse(JsonObject(fields))
    }

    #[test]
    fn all_complaints_come_at_once_and_what_is_needed_is_named() {
        let pointers = |value| {
            let error = asked(value).unwrap_err();
            let fields = error.fields().iter();
            fields
                .map(|field| field.pointer.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(pointers(json!({})), ["/name", "/role"]);
        let wrong = json!({"name": " ", "role": "root", "expires_at": "2001-01-01T00:00:00Z", "tenant_id": "x", "y": 1});
        assert_eq!(
            pointers(wrong),
            ["/name", "/role", "/expires_at", "/tenant_id", "/y"]
        );
        let fine = asked(json!({"name": " ci ", "role": "viewer"})).unwrap();
        assert_eq!((fine.name.as_str(), fine.role), ("ci", Role::Viewer));
    }
}
