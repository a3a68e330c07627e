//! Webhooks and their messages on the wire, and the bodies that ask for them.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa::openapi::{Array, ArrayBuilder, ObjectBuilder, Type};
use uuid::Uuid;

use crate::db::DbError;
use crate::entity::{webhook, webhook_delivery};
use crate::error::ApiError;
use crate::error::problem::FieldError;
use crate::http::json::{Fields, JsonObject, kind_of};
use crate::record::rows::from_json;
use crate::stream::Kind;
use crate::webhooks::outcome::{Disabled, Try};
use crate::webhooks::rows::Wanted;
use crate::webhooks::send::Sender;

/// Somebody who is told by HTTP.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookView {
    /// Identity.
    pub id: Uuid,
    /// Where messages are sent to.
    #[schema(example = "https://example.com/hooks/urumi")]
    pub url: String,
    /// Only events of these types; empty for all.
    #[schema(example = json!(["store.status_changed"]))]
    pub types: Vec<String>,
    /// Whether events become messages, and messages are sent.
    pub enabled: bool,
    /// Why the platform disabled it: `Gone` (it answered 410), or `Failing` (it took
    /// nothing for too long).
    pub disabled_reason: Option<Disabled>,
    /// Since when it took nothing, while it does not.
    #[serde(with = "time::serde::rfc3339::option")]
    pub failing_since: Option<OffsetDateTime>,
    /// Until when the secret before signs too, after a rotation.
    #[serde(with = "time::serde::rfc3339::option")]
    pub previous_secret_until: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// What messages are signed with: only in the first answer that makes or rotates
    /// it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: Option<String>,
}

impl WebhookView {
    /// # Errors
    /// A row that this build cannot read.
    pub fn of(row: &webhook::Model) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            url: row.url.clone(),
            types: from_json("webhooks.types", &row.types)?,
            enabled: row.enabled,
            disabled_reason: row.disabled_reason.as_deref().and_then(Disabled::parse),
            failing_since: row.failing_since,
            previous_secret_until: row.previous_until,
            created_at: row.created_at,
            updated_at: row.updated_at,
            secret: None,
        })
    }
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum DeliveryStatus {
    /// It is sent, or sent again.
    Pending,
    /// It was taken.
    Delivered,
    /// It was tried often enough, or its webhook was disabled.
    Failed,
}

impl DeliveryStatus {
    const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Delivered => "Delivered",
            Self::Failed => "Failed",
        }
    }

    /// # Errors
    /// A sentence with the known ones.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let known = Self::ALL.into_iter().find(|status| status.as_str() == text);
        known.ok_or("must be one of `Pending`, `Delivered`, `Failed`")
    }
}

/// One message to one webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Identity.
    pub id: Uuid,
    /// As it stands in `webhook-id`: the same in every try.
    #[schema(example = "msg_01a209979d2d77abbb7cac19d4fcd2e0")]
    pub message_id: String,
    /// The webhook.
    pub webhook_id: Uuid,
    /// The event's id in the stream.
    pub event_id: i64,
    /// The event's type.
    #[serde(rename = "type")]
    #[schema(example = "store.status_changed")]
    pub kind: String,
    /// How far it is.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: i32,
    /// The last tries, oldest first.
    pub tries: Vec<Try>,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it is tried next.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_attempt_at: Option<OffsetDateTime>,
    /// When it was taken.
    #[serde(with = "time::serde::rfc3339::option")]
    pub delivered_at: Option<OffsetDateTime>,
}

impl DeliveryView {
    /// # Errors
    /// A row that this build cannot read.
    pub fn of(row: &webhook_delivery::Model) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            message_id: format!("msg_{}", row.id.simple()),
            webhook_id: row.webhook_id,
            event_id: row.position,
            kind: row.kind.clone(),
            status: DeliveryStatus::parse(&row.status).unwrap_or(DeliveryStatus::Pending),
            attempts: row.attempt,
            tries: from_json("webhook_deliveries.tries", &row.tries)?,
            created_at: row.created_at,
            next_attempt_at: row.next_attempt_at,
            delivered_at: row.delivered_at,
        })
    }
}

/// The wanted webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "url": "https://example.com/hooks/urumi", "types": ["store.status_changed"] }))]
#[allow(
    dead_code,
    reason = "the shape of the document; parsing collects all complaints by itself"
)]
pub struct NewWebhookBody {
    /// Where to: `https`, at a public address.
    #[schema(max_length = 2000)]
    pub url: String,
    /// Only events of these types; all if left out or empty.
    #[schema(schema_with = type_list)]
    pub types: Option<Vec<String>>,
    /// `false`: nothing is sent yet.
    #[schema(nullable = false)]
    pub enabled: Option<bool>,
}

/// What to change of a webhook; what is left out stays.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "enabled": true }))]
#[allow(
    dead_code,
    reason = "the shape of the document; parsing collects all complaints by itself"
)]
pub struct WebhookChangeBody {
    /// Where to: `https`, at a public address.
    #[schema(
        nullable = false,
        max_length = 2000,
        example = "https://example.com/hooks/urumi"
    )]
    pub url: Option<String>,
    /// Only events of these types; all if empty.
    #[schema(schema_with = type_list)]
    pub types: Option<Vec<String>>,
    /// Whether events become messages, and messages are sent.
    #[schema(nullable = false)]
    pub enabled: Option<bool>,
}

fn type_list() -> Array {
    let kinds = Kind::ALL.iter().map(|kind| kind.as_str());
    let kind = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(kinds));
    ArrayBuilder::new()
        .items(kind)
        .max_items(Some(20))
        .description(Some(
            "Only events of these types; all if left out or empty.",
        ))
        .build()
}

/// # Errors
/// [`ApiError::InvalidBody`] with every complaint.
pub async fn parse(body: JsonObject, sender: &Sender, is_new: bool) -> Result<Wanted, ApiError> {
    let missing = is_new && !body.0.contains_key("url");
    let mut fields = Fields::of(body);
    let text = fields.text("url", |text| Ok::<_, String>(text.to_owned()));
    let checked = match &text {
        Some(text) => sender.check(text).await.map(Some),
        None => Ok(None),
    };
    let types = fields.value("types", types);
    let enabled = fields.value("enabled", |value| {
        let wrong = || format!("must be true or false, is {}", kind_of(value));
        value.as_bool().ok_or_else(wrong)
    });
    let mut complaints = match fields.finish() {
        Err(ApiError::InvalidBody(complaints)) => complaints,
        other => {
            other?;
            Vec::new()
        }
    };
    if missing {
        complaints.push(FieldError::new("/url", "is needed"));
    }
    match checked {
        Ok(url) if complaints.is_empty() => Ok(Wanted {
            url: url.map(String::from),
            types,
            enabled,
        }),
        Ok(_) => Err(ApiError::InvalidBody(complaints)),
        Err(detail) => {
            complaints.insert(0, FieldError::new("/url", detail));
            Err(ApiError::InvalidBody(complaints))
        }
    }
}

fn types(value: &Value) -> Result<Vec<Kind>, String> {
    let Value::Array(items) = value else {
        return Err(format!("must be an array, is {}", kind_of(value)));
    };
    if items.len() > 20 {
        return Err("must have at most 20 items".to_owned());
    }
    items
        .iter()
        .map(|item| Kind::parse(item.as_str().unwrap_or_default()))
        .collect()
}
