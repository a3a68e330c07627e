//! `GET /stores/{id}/operations`: all that was ever asked of one store.

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use shared::ids::StoreId;
use uuid::Uuid;

use crate::entity::operation::{Column, Entity};
use crate::paging::{Page, PageRequest, Place};
use crate::stores::find::{self, FoundOperation};
use crate::stores::keyset::newest_first;
use crate::stores::{Caller, StoreError};

/// A page of a store's operations, newest first.
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    caller: &Caller,
    id: &StoreId,
    request: &PageRequest<Place<Uuid>>,
) -> Result<Page<FoundOperation, Place<Uuid>>, StoreError> {
    find::exists(db, caller, id).await?;
    let query = Entity::find()
        .filter(Column::TenantId.eq(caller.tenant.0))
        .filter(Column::StoreId.eq(id.as_str()));
    let query = newest_first(query, (Column::CreatedAt, Column::Id), request);
    let page = Page::new(query.all(db).await?, request, |row| Place {
        at: row.created_at,
        id: row.id,
    });
    let ids: Vec<Uuid> = page.items.iter().map(|row| row.id).collect();
    let mut found = find::operations(db, &ids).await?;
    Ok(page.map(|row| {
        found
            .remove(&row.id)
            .unwrap_or_else(|| FoundOperation::fresh(row))
    }))
}
