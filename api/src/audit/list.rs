//! Reading the audit: oldest first, by sequence, for one tenant.

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use shared::ids::{StoreId, TenantId};

use crate::db::DbError;
use crate::entity::audit_event::{self, Column, Entity};
use crate::paging::{Direction, Listing, Page, PageRequest};

/// What its cursors belong to.
pub fn listing(tenant: TenantId, store: Option<&StoreId>) -> Listing {
    let of = store.map_or("", StoreId::as_str);
    Listing::of(&["audit", &tenant.0.to_string(), of])
}

/// A page of a tenant's audit, perhaps of one store only.
///
/// # Errors
/// [`DbError`].
pub async fn page(
    db: &DatabaseConnection,
    tenant: TenantId,
    store: Option<&StoreId>,
    request: &PageRequest<i64>,
) -> Result<Page<audit_event::Model, i64>, DbError> {
    let rows = query(tenant, store, request).all(db).await?;
    Ok(Page::new(rows, request, |row| row.seq))
}

/// The page's rows in its direction, one more than asked for.
pub fn query(
    tenant: TenantId,
    store: Option<&StoreId>,
    request: &PageRequest<i64>,
) -> Select<Entity> {
    let mut query = Entity::find().filter(Column::TenantId.eq(tenant.0));
    if let Some(store) = store {
        query = query.filter(Column::StoreId.eq(store.as_str()));
    }
    query = match request.direction() {
        Direction::Forward => query.order_by_asc(Column::Seq),
        Direction::Backward => query.order_by_desc(Column::Seq),
    };
    if let Some(cursor) = &request.cursor {
        query = query.filter(match cursor.direction {
            Direction::Forward => Column::Seq.gt(cursor.key),
            Direction::Backward => Column::Seq.lt(cursor.key),
        });
    }
    query.limit(request.limit + 1)
}
