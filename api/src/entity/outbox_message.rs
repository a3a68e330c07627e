//! One message that is still to be said (`0004_outbox_inbox.sql`).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub kind: String,
    pub store_id: String,
    pub tenant_id: Uuid,
    pub operation_id: Uuid,
    pub message_id: Uuid,
    pub attempt: i32,
    pub routing_key: String,
    pub payload: Json,
    pub created_at: TimeDateTimeWithTimeZone,
    pub next_attempt_at: TimeDateTimeWithTimeZone,
    pub claimed_until: Option<TimeDateTimeWithTimeZone>,
    pub dispatched_at: Option<TimeDateTimeWithTimeZone>,
    pub dispatch_count: i32,
    pub traceparent: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
