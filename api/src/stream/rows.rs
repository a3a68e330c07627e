//! Rows of the stream. The table's own order is the order of commits, so whatever
//! stands behind a position that was read is all that is missing.

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Statement,
};

use crate::db::DbError;
use crate::entity::stream_event::{Column, Entity, Model};
use crate::stream::Filter;

/// How far the stream reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The last position that was forgotten.
    pub horizon: i64,
    /// The newest.
    pub head: i64,
}

impl Reach {
    /// Whether everything behind that position is still there. One that was never
    /// given out comes from another database: an older copy took its place.
    pub fn holds(self, after: i64) -> bool {
        (self.horizon..=self.head).contains(&after)
    }
}

/// # Errors
/// The database's.
pub async fn reach<C: ConnectionTrait>(db: &C) -> Result<Reach, DbError> {
    const REACH: &str = "SELECT h.position AS horizon,
        coalesce((SELECT max(position) FROM stream_events), h.position) AS head FROM stream_horizon h";
    let row = db
        .query_one_raw(Statement::from_string(DbBackend::Postgres, REACH))
        .await?
        .ok_or(DbError::NotReady)?;
    Ok(Reach {
        horizon: row.try_get("", "horizon")?,
        head: row.try_get("", "head")?,
    })
}

/// All tenants' events behind a position, oldest first.
///
/// # Errors
/// The database's.
pub async fn after<C: ConnectionTrait>(
    db: &C,
    position: i64,
    limit: u64,
) -> Result<Vec<Model>, DbError> {
    let rows = Entity::find()
        .filter(Column::Position.gt(position))
        .order_by_asc(Column::Position)
        .limit(limit);
    Ok(rows.all(db).await?)
}

/// The events of the filter's tenant and store behind a position, oldest first. The
/// rest of the filter is the reader's, who so learns how far it has read.
///
/// # Errors
/// The database's.
pub async fn after_of<C: ConnectionTrait>(
    db: &C,
    filter: &Filter,
    position: i64,
    limit: u64,
) -> Result<Vec<Model>, DbError> {
    let mut rows = Entity::find()
        .filter(Column::TenantId.eq(filter.tenant.0))
        .filter(Column::Position.gt(position));
    if let Some(store) = &filter.store {
        rows = rows.filter(Column::StoreId.eq(store.as_str()));
    }
    let rows = rows.order_by_asc(Column::Position).limit(limit);
    Ok(rows.all(db).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_holds_between_the_horizon_and_the_head() {
        let reach = Reach {
            horizon: 10,
            head: 20,
        };
        for (after, holds) in [
            (0, false),
            (9, false),
            (10, true),
            (15, true),
            (20, true),
            (21, false),
        ] {
            assert_eq!(reach.holds(after), holds, "{after}");
        }
    }
}
