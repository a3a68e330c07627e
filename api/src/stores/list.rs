//! `GET /stores`: newest first, by keyset, for one tenant.

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use shared::store_status::StoreStatus;

use crate::entity::store::{Column, Entity, Model};
use crate::paging::{Page, PageRequest, Place};
use crate::stores::find::{self, Found};
use crate::stores::keyset::newest_first;
use crate::stores::{Caller, StoreError};

/// Which stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreFilter {
    pub status: Option<StoreStatus>,
    pub include_deleted: bool,
}

/// A page of the caller's stores.
///
/// # Errors
/// The database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    caller: &Caller,
    filter: StoreFilter,
    request: &PageRequest<Place<String>>,
) -> Result<Page<Found, Place<String>>, StoreError> {
    let mut query = Entity::find().filter(Column::TenantId.eq(caller.tenant.0));
    if let Some(status) = filter.status {
        query = query.filter(Column::Status.eq(status.as_str()));
    } else if !filter.include_deleted {
        query = query.filter(Column::Status.ne(StoreStatus::Deleted.as_str()));
    }
    let query = newest_first(query, (Column::CreatedAt, Column::Id), request);
    let page = Page::new(query.all(db).await?, request, |row: &Model| Place {
        at: row.created_at,
        id: row.id.clone(),
    });

    let ids: Vec<_> = page
        .items
        .iter()
        .map(|store| store.current_operation_id)
        .collect();
    let mut operations = find::operations(db, &ids).await?;
    Ok(page.map(|store| {
        let operation = operations.remove(&store.current_operation_id);
        Found { store, operation }
    }))
}
