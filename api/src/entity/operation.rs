//! One intent about one store (`0003_operations.sql`, `0011_wanted.sql`).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "operations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub store_id: String,
    pub tenant_id: Uuid,
    pub kind: String,
    pub status: String,
    pub generation: i64,
    pub spec: Option<Json>,
    pub attempt: i32,
    pub max_attempts: i32,
    pub budget_ms: i64,
    pub outcomes: Json,
    pub deferrals: Json,
    pub ended_by: Option<String>,
    pub failure: Option<Json>,
    pub actor: String,
    pub request_id: Uuid,
    pub created_at: TimeDateTimeWithTimeZone,
    pub not_after: TimeDateTimeWithTimeZone,
    pub not_before: Option<TimeDateTimeWithTimeZone>,
    pub started_at: Option<TimeDateTimeWithTimeZone>,
    pub finished_at: Option<TimeDateTimeWithTimeZone>,
    pub last_heard_at: Option<TimeDateTimeWithTimeZone>,
    pub deadline_at: Option<TimeDateTimeWithTimeZone>,
    pub traceparent: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
