//! One link of the audit's chain (`0006_audit.sql`).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub id: Uuid,
    pub at: TimeDateTimeWithTimeZone,
    pub tenant_id: Uuid,
    pub store_id: Option<String>,
    pub operation_id: Option<Uuid>,
    pub actor: String,
    pub request_id: Option<Uuid>,
    pub action: String,
    pub outcome: String,
    pub details: Json,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
