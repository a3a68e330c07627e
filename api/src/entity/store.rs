//! One store (`0002_stores.sql`, `0011_wanted.sql`,
//! `20261123235900_lifecycle.sql`, `20261124033000_login_and_shop.sql`).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stores")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub tenant_id: Uuid,
    pub name: String,
    pub plan: String,
    pub wanted_chart: Option<String>,
    pub wanted_image: Option<String>,
    pub wanted_replicas: Option<i32>,
    pub wanted_suspended: bool,
    pub wanted_login_key: Option<String>,
    pub safe_spec: Option<Json>,
    pub previous: Option<Json>,
    pub deletion_protection: bool,
    pub admin_email: String,
    pub labels: Json,
    pub host: String,
    pub url: String,
    pub status: String,
    pub generation: i64,
    pub ever_ready: bool,
    pub failure: Option<Json>,
    pub current_operation_id: Uuid,
    pub chart: Option<String>,
    pub images: Json,
    pub revision: Option<i64>,
    pub version: i64,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
    pub ready_at: Option<TimeDateTimeWithTimeZone>,
    pub deleted_at: Option<TimeDateTimeWithTimeZone>,
    pub health: String,
    pub health_reasons: Json,
    pub health_term: i64,
    pub health_told: Option<String>,
    pub looked_at: Option<TimeDateTimeWithTimeZone>,
    pub shop: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
