//! `GET /stores`: newest first, by keyset, for one tenant.

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use shared::store_status::StoreStatus;
use time::OffsetDateTime;

use crate::entity::store::{Column, Entity, Model};
use crate::paging::{Cursor, Direction, Key, Page, PageRequest};
use crate::stores::find::{self, Found};
use crate::stores::{Caller, StoreError};

/// Which stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreFilter {
    pub status: Option<StoreStatus>,
    pub include_deleted: bool,
}

/// A store's place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreKey {
    created_at: OffsetDateTime,
    id: String,
}

impl Key for StoreKey {
    fn write(&self) -> String {
        let micros = self.created_at.unix_timestamp_nanos() / 1000;
        format!("{micros}.{}", self.id)
    }

    fn read(text: &str) -> Option<Self> {
        let (micros, id) = text.split_once('.')?;
        let micros: i64 = micros.parse().ok()?;
        let created_at =
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()?;
        let id = id.parse::<shared::ids::StoreId>().ok()?.to_string();
        Some(Self { created_at, id })
    }
}

/// A page of the caller's stores.
///
/// # Errors
/// The database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    caller: &Caller,
    filter: StoreFilter,
    request: &PageRequest<StoreKey>,
) -> Result<Page<Found, StoreKey>, StoreError> {
    let mut query = Entity::find().filter(Column::TenantId.eq(caller.tenant.0));
    if let Some(status) = filter.status {
        query = query.filter(Column::Status.eq(status.as_str()));
    } else if !filter.include_deleted {
        query = query.filter(Column::Status.ne(StoreStatus::Deleted.as_str()));
    }
    if let Some(cursor) = &request.cursor {
        query = query.filter(beyond(cursor));
    }
    query = match request.direction() {
        Direction::Forward => query
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id),
        Direction::Backward => query
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id),
    };
    let rows = query.limit(request.limit + 1).all(db).await?;
    let page = Page::new(rows, request, |row: &Model| StoreKey {
        created_at: row.created_at,
        id: row.id.clone(),
    });

    let ids: Vec<_> = page
        .items
        .iter()
        .map(|store| store.current_operation_id)
        .collect();
    let mut operations = find::operations(db, &ids).await?;
    let found = |store: Model| {
        let operation = operations.remove(&store.current_operation_id);
        Found { store, operation }
    };
    Ok(Page {
        items: page.items.into_iter().map(found).collect(),
        next: page.next,
        prev: page.prev,
    })
}

/// Newest first: forward is older. The first condition alone lets Postgres start
/// at the right place of the index.
fn beyond(cursor: &Cursor<StoreKey>) -> Condition {
    let StoreKey { created_at, id } = cursor.key.clone();
    match cursor.direction {
        Direction::Forward => Condition::all().add(Column::CreatedAt.lte(created_at)).add(
            Condition::any()
                .add(Column::CreatedAt.lt(created_at))
                .add(Column::Id.lt(id)),
        ),
        Direction::Backward => Condition::all().add(Column::CreatedAt.gte(created_at)).add(
            Condition::any()
                .add(Column::CreatedAt.gt(created_at))
                .add(Column::Id.gt(id)),
        ),
    }
}
