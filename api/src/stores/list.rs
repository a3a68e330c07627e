//! `GET /stores`: one tenant's, by keyset, in several orders.

pub mod statement;
pub mod wanted;

use sea_orm::{ConnectionTrait, FromQueryResult as _, QueryResult};
use shared::ids::StoreId;

use crate::entity::store::Model;
use crate::paging::{Page, PageRequest};
use crate::record::rows::UnreadableRow;
use crate::stores::StoreError;
use crate::stores::find::{self, Found};
use crate::stores::list::statement::Reading;
use crate::stores::list::wanted::{PlaceValue, SortKey, StorePlace, Wanted};

/// A page of the list. One of several filters may hold fewer stores than asked
/// for, even none, where it ends before the list does.
///
/// # Errors
/// The database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    wanted: &Wanted,
    request: &PageRequest<StorePlace>,
) -> Result<Page<Found, StorePlace>, StoreError> {
    let reading = Reading::new(wanted, request);
    let mut rows = Vec::new();
    for row in db.query_all_raw(reading.rows()).await? {
        let store = Model::from_query_result(&row, "")?;
        rows.push((store, place(&row, wanted)?));
    }
    let enough = usize::try_from(request.limit).is_ok_and(|limit| rows.len() > limit);
    let end = match reading.end() {
        Some(end) if !enough => db.query_one_raw(end).await?,
        _ => None,
    };
    let end = end.map(|row| place(&row, wanted)).transpose()?;
    let page = Page::new(rows, request, |(_, place)| place.clone());
    let page = match end {
        Some(end) => page.ending_at(end, request),
        None => page,
    };

    let ids: Vec<_> = page
        .items
        .iter()
        .map(|(store, _)| store.current_operation_id)
        .collect();
    let mut operations = find::operations(db, &ids).await?;
    Ok(page.map(|(store, _)| {
        let operation = operations.remove(&store.current_operation_id);
        Found { store, operation }
    }))
}

fn place(row: &QueryResult, wanted: &Wanted) -> Result<StorePlace, StoreError> {
    let id: String = row.try_get("", "id")?;
    let id: StoreId = id
        .parse()
        .map_err(|_| UnreadableRow::new("stores.id", &id))?;
    let value = match wanted.order.by {
        SortKey::CreatedAt | SortKey::UpdatedAt => PlaceValue::Moment(row.try_get("", "place")?),
        SortKey::Name | SortKey::Met => PlaceValue::Text(row.try_get("", "place")?),
    };
    Ok(StorePlace { value, id })
}
