//! One message to one webhook (`20261124040000_webhooks.sql`).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub webhook_id: Uuid,
    pub position: i64,
    #[sea_orm(column_name = "type")]
    pub kind: String,
    pub body: String,
    pub status: String,
    pub attempt: i32,
    pub tries_left: i32,
    pub tries: Json,
    pub created_at: TimeDateTimeWithTimeZone,
    pub next_attempt_at: Option<TimeDateTimeWithTimeZone>,
    pub claimed_until: Option<TimeDateTimeWithTimeZone>,
    pub delivered_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
