//! Owners of stores and what they may have. Only the platform's own admins come
//! here; nobody else learns that other tenants exist.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};
use serde::Serialize;
use shared::ids::TenantId;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::DbError;
use crate::entity::tenant::{ActiveModel, Column, Entity, Model};
use crate::record::rows::now;

/// Bounds of a tenant; `None` for the platform's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Limits {
    /// Stores that are not Deleted, at most; null for the platform's own limit.
    #[schema(minimum = 0)]
    pub max_stores: Option<i32>,
    /// Operations open at once, at most; null for the platform's own limit.
    #[schema(minimum = 0)]
    pub max_operations: Option<i32>,
}

/// A tenant of that name.
///
/// # Errors
/// The database's; `tenants_name_key` if the name is taken.
pub async fn insert<C: ConnectionTrait>(
    db: &C,
    name: &str,
    limits: Limits,
) -> Result<Model, DbError> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        name: Set(name.to_owned()),
        created_at: Set(now()),
        max_stores: Set(limits.max_stores),
        max_operations: Set(limits.max_operations),
    };
    Ok(Entity::insert(row).exec_with_returning(db).await?)
}

/// The tenant with that id.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(db: &C, id: TenantId) -> Result<Option<Model>, DbError> {
    Ok(Entity::find_by_id(id.0).one(db).await?)
}

/// The tenant with that id, locked until the transaction ends. Who makes something of
/// the tenant's is not held up.
///
/// # Errors
/// The database's.
pub async fn locked(tx: &DatabaseTransaction, id: TenantId) -> Result<Option<Model>, DbError> {
    let locked = Entity::find_by_id(id.0).lock(LockType::NoKeyUpdate);
    Ok(locked.one(tx).await?)
}

/// The tenant of that name.
///
/// # Errors
/// The database's.
pub async fn named<C: ConnectionTrait>(db: &C, name: &str) -> Result<Option<Model>, DbError> {
    Ok(Entity::find().filter(Column::Name.eq(name)).one(db).await?)
}

/// Give a tenant other bounds.
///
/// # Errors
/// The database's.
pub async fn limit<C: ConnectionTrait>(
    db: &C,
    id: TenantId,
    limits: Limits,
) -> Result<(), DbError> {
    let limited = ActiveModel {
        max_stores: Set(limits.max_stores),
        max_operations: Set(limits.max_operations),
        ..Default::default()
    };
    Entity::update_many()
        .set(limited)
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}
