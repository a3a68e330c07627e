//! What becomes a link of the audit's chain at the commit (`20261130221500_audit_links.sql`).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_pending")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
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
    pub text_before: String,
    pub text_after: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
