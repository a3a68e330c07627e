//! Messages that nobody could use: kept with their reason, to be listed and
//! replayed. The only INSERT into `parked_messages`.

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait as _;
use serde_json::json;
use shared::telemetry::chain;
use uuid::Uuid;

use crate::db::{Database, DbError};
use crate::entity::parked_message::{ActiveModel, Entity};
use crate::metrics::METRICS;
use crate::record::rows::now;

/// Keep a message with the reason why it could not be used.
///
/// # Errors
/// The database's.
pub async fn park(
    db: &Database,
    queue: &'static str,
    payload: &[u8],
    reason: &(dyn std::error::Error + 'static),
) -> Result<(), DbError> {
    let reason = chain(reason).replace('\0', "\u{fffd}");
    db.transaction(async |tx| {
        let row = ActiveModel {
            id: Set(Uuid::now_v7()),
            queue: Set(queue.to_owned()),
            reason: Set(reason.clone()),
            payload: Set(payload.to_vec()),
            properties: Set(json!({})),
            received_at: Set(now()),
            replayed_at: Set(None),
        };
        Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    })
    .await
    .inspect(|()| METRICS.parked(queue))
}
