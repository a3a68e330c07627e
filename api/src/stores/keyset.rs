//! The order of every list but the audit: newest first, by the moment and the id.
//! Only that part of a query; what is listed is each list's own.

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    Select, Value,
};

use crate::paging::{Direction, PageRequest, Place};

/// The query's page, and one row more to see whether there is another. The first
/// condition alone lets Postgres start at the right place of the index.
pub fn newest_first<E, I>(
    query: Select<E>,
    (at, id): (E::Column, E::Column),
    request: &PageRequest<Place<I>>,
) -> Select<E>
where
    E: EntityTrait,
    I: Clone + Into<Value>,
{
    let query = query.limit(request.limit + 1);
    let (query, beyond) = match request.direction() {
        Direction::Forward => {
            let beyond = |place: Place<I>| {
                let older = Condition::any().add(at.lt(place.at)).add(id.lt(place.id));
                Condition::all().add(at.lte(place.at)).add(older)
            };
            let query = query.order_by_desc(at).order_by_desc(id);
            (
                query,
                request.cursor.clone().map(|cursor| beyond(cursor.key)),
            )
        }
        Direction::Backward => {
            let beyond = |place: Place<I>| {
                let newer = Condition::any().add(at.gt(place.at)).add(id.gt(place.id));
                Condition::all().add(at.gte(place.at)).add(newer)
            };
            let query = query.order_by_asc(at).order_by_asc(id);
            (
                query,
                request.cursor.clone().map(|cursor| beyond(cursor.key)),
            )
        }
    };
    match beyond {
        Some(beyond) => query.filter(beyond),
        None => query,
    }
}
