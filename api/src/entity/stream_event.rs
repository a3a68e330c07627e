//! One thing that happened (`20261124031000_stream.sql`); written by triggers alone.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stream_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    pub at: TimeDateTimeWithTimeZone,
    #[sea_orm(column_name = "type")]
    pub kind: String,
    pub tenant_id: Uuid,
    pub store_id: String,
    pub operation_id: Option<Uuid>,
    pub status: String,
    pub health: String,
    pub facts: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
