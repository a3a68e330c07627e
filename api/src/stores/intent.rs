//! What every accepted wish writes: an operation and its command. To be called
//! inside the wish's transaction.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{DatabaseTransaction, EntityTrait as _};
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::ids::{Generation, MessageId, OperationId, StoreId};
use shared::operation::{OperationKind, OperationStatus};
use time::{Duration, OffsetDateTime};

use crate::db::DbError;
use crate::entity::operation;
use crate::outbox;
use crate::record::rows::{to_i32, to_millis};
use crate::settings::EngineSettings;
use crate::stores::Caller;

/// A wish about one store, accepted.
#[derive(Debug, Clone)]
pub struct Intent {
    pub operation_id: OperationId,
    pub store_id: StoreId,
    pub kind: OperationKind,
    pub generation: Generation,
    pub goal: Goal,
    pub ever_ready: bool,
    pub at: OffsetDateTime,
}

/// Effect: one operation, Queued, and its first command in the outbox.
/// Fails when: another operation of the store is open.
///
/// # Errors
/// [`DbError`].
pub async fn record(
    tx: &DatabaseTransaction,
    caller: &Caller,
    engine: &EngineSettings,
    intent: Intent,
) -> Result<operation::Model, DbError> {
    let start_within = Duration::try_from(engine.start_within()).unwrap_or(Duration::DAY);
    let not_after = intent.at + start_within;
    let budget_ms = to_millis(engine.budget());
    let row = operation::ActiveModel {
        id: Set(intent.operation_id.0),
        store_id: Set(intent.store_id.to_string()),
        tenant_id: Set(caller.tenant.0),
        kind: Set(intent.kind.as_str().to_owned()),
        status: Set(OperationStatus::Queued.as_str().to_owned()),
        generation: Set(intent.generation.0),
        attempt: Set(1),
        max_attempts: Set(to_i32(engine.operation_max_attempts.max(1))),
        budget_ms: Set(budget_ms),
        outcomes: Set(serde_json::json!([])),
        deferrals: NotSet,
        ended_by: Set(None),
        failure: Set(None),
        actor: Set(caller.actor.clone()),
        request_id: Set(caller.request_id.0),
        created_at: Set(intent.at),
        not_after: Set(not_after),
        started_at: NotSet,
        finished_at: NotSet,
        last_heard_at: NotSet,
        deadline_at: NotSet,
    };
    let operation = operation::Entity::insert(row)
        .exec_with_returning(tx)
        .await?;

    let command = Envelope {
        id: MessageId::new(),
        store_id: intent.store_id,
        tenant_id: caller.tenant,
        operation_id: intent.operation_id,
        generation: intent.generation,
        attempt: 1,
        sent_at: intent.at,
        body: Command {
            kind: intent.kind,
            goal: intent.goal,
            ever_ready: intent.ever_ready,
            not_after,
            budget_ms: budget_ms.unsigned_abs(),
        },
    };
    outbox::enqueue_command(tx, &command).await?;
    Ok(operation)
}
