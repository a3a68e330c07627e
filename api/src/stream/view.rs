//! An event as it is told, by a stream and by a webhook alike.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::entity::stream_event::Model;

/// One thing that happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventView {
    /// Its place in the stream; grows, with holes, over all tenants.
    #[schema(example = 4711)]
    pub id: i64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What: `store.status_changed`, `store.health_changed`, `store.changed`,
    /// `operation.changed`, `operation.step`. More may come.
    #[serde(rename = "type")]
    #[schema(example = "operation.step")]
    pub kind: String,
    /// The store.
    pub store_id: String,
    /// The operation it is about.
    pub operation_id: Option<Uuid>,
    /// The store's status after it.
    pub status: String,
    /// The store's health after it, as it was seen last.
    pub health: String,
    /// What docs/API.md lists for its type.
    #[schema(value_type = Object, example = json!({ "step": "Release", "attempt": 1, "run": 0, "outcome": "Done", "changed": true }))]
    pub facts: Value,
}

impl EventView {
    /// A row on the wire.
    pub fn of(row: &Model) -> Self {
        Self {
            id: row.position,
            at: row.at,
            kind: row.kind.clone(),
            store_id: row.store_id.clone(),
            operation_id: row.operation_id,
            status: row.status.clone(),
            health: row.health.clone(),
            facts: row.facts.clone(),
        }
    }
}
