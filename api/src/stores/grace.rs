//! The time in which a delete can still be undone. Its operation waits, Queued, and the
//! store goes on as it is; what a cancel then does is `cancel.rs`'s.

use std::time::Duration as StdDuration;

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _};
use shared::ids::OperationId;
use shared::store_status::StoreStatus;
use time::{Duration, OffsetDateTime};

use crate::db::DbError;
use crate::entity::operation::{ActiveModel, Column, Entity};
use crate::outbox::{self, Again};
use crate::record::StoreRecord;
use crate::record::rows::{now, to_micros};
use crate::settings::EngineSettings;

/// When a delete that is asked for now may begin; `None` for at once. A store that never
/// served holds nobody's data, and one whose removal failed may have lost its data: neither
/// has anything that could be wanted back.
pub fn begins(
    grace: StdDuration,
    store: &StoreRecord,
    at_once: bool,
    now: OffsetDateTime,
) -> Option<OffsetDateTime> {
    let grace = Duration::try_from(grace).unwrap_or(Duration::MAX);
    let whole = store.ever_ready && store.status != StoreStatus::DeleteFailed;
    let waits = whole && !at_once && grace > Duration::ZERO;
    waits.then(|| now.saturating_add(grace))
}

/// Hold an operation, and its command, until a moment; `None` lets it go at once.
///
/// Precondition: it is open, and no worker has it. Effect: no worker is told of it
/// before; it may wait for one as long after as any other. Repeating it: the same.
///
/// # Errors
/// [`DbError`].
pub async fn hold(
    tx: &DatabaseTransaction,
    engine: &EngineSettings,
    operation: OperationId,
    until: Option<OffsetDateTime>,
) -> Result<(), DbError> {
    let at = until.unwrap_or_else(now);
    let start_within = Duration::try_from(engine.start_within()).unwrap_or(Duration::DAY);
    let not_after = at.saturating_add(start_within);
    let change = ActiveModel {
        not_before: Set(until.map(to_micros)),
        not_after: Set(to_micros(not_after)),
        ..Default::default()
    };
    Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(operation.0))
        .exec(tx)
        .await?;
    let again = Again {
        at,
        not_after: Some(not_after),
        ..Again::now()
    };
    outbox::say_again(tx, operation, again).await
}

#[cfg(test)]
mod tests {
    use shared::operation::OperationKind;

    use super::*;
    use crate::projector::tests::{at, records};

    #[test]
    fn only_what_served_and_is_whole_and_only_without_haste_is_kept_for_a_while() {
        use StoreStatus::{DeleteFailed, Failed, Ready};
        let (store, _) = records(OperationKind::Update);
        let hour = StdDuration::from_secs(3600);
        for (grace, ever_ready, status, at_once, expected) in [
            (StdDuration::ZERO, true, Ready, false, None),
            (hour, true, Ready, false, Some(at(3600))),
            (hour, true, Failed, false, Some(at(3600))),
            (hour, true, Ready, true, None),
            (hour, false, Ready, false, None),
            (hour, true, DeleteFailed, false, None),
        ] {
            let store = StoreRecord {
                ever_ready,
                status,
                ..store.clone()
            };
            let begins = begins(grace, &store, at_once, at(0));
            assert_eq!(
                begins, expected,
                "{grace:?} {ever_ready} {status:?} {at_once}"
            );
        }
    }
}
