//! `POST /stores`: one transaction { idempotency answer · store Queued ·
//! operation · command · audit }.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{DatabaseTransaction, EntityTrait as _};
use serde_json::{Value, json};
use shared::contract::command::Goal;
use shared::ids::{Generation, OperationId, StoreId};
use shared::operation::OperationKind;
use shared::plan::Plan;
use shared::store_name::StoreName;
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;
use time::OffsetDateTime;

use crate::access::limits::{self, Room};
use crate::audit::{NewAuditEvent, change};
use crate::db::{Database, DbError};
use crate::entity::store;
use crate::idempotency::Answer;
use crate::record::rows::{now, to_i32};
use crate::settings::Settings;
use crate::stores::find::{Found, FoundOperation};
use crate::stores::intent::{self, Intent};
use crate::stores::labels::Labels;
use crate::stores::refusal::Refusal;
use crate::stores::wish::{self, Granted, Wish};
use crate::stores::{Caller, StoreError};

/// Ids tried until one is free; 387 million exist.
const ID_TRIES: u32 = 5;

/// A store that somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStore {
    pub name: StoreName,
    pub plan: Plan,
    pub admin_email: Option<String>,
    pub labels: Labels,
    pub deletion_protection: bool,
}

/// Ask for a store.
///
/// Effect: all rows, or none. Repeating it: with the same key and wish, the
/// first answer again; without a key, another store. Fails when: the key came
/// with another wish, or the database is away.
///
/// # Errors
/// [`StoreError`].
pub async fn create(
    db: &Database,
    settings: &Settings,
    wanted: &NewStore,
    wish: Wish<'_>,
    answer: impl Fn(&Found) -> Result<Answer, DbError>,
) -> Result<Granted, StoreError> {
    let caller = wish.caller;
    let refused = |reason| refused(caller, wanted, reason);
    let mut tries = 1;
    loop {
        let id = StoreId::random();
        let work = async |tx: &DatabaseTransaction| {
            let found = insert(tx, settings, caller, wanted, &id).await?;
            Ok((answer(&found)?, vec![requested(caller, &found, wanted)]))
        };
        match wish::grant(db, wish, work, refused).await {
            Err(StoreError::Database(error)) if tries < ID_TRIES && id_is_taken(&error) => {
                tries += 1;
            }
            settled => return settled,
        }
    }
}

async fn insert(
    tx: &DatabaseTransaction,
    settings: &Settings,
    caller: &Caller,
    wanted: &NewStore,
    id: &StoreId,
) -> Result<Found, StoreError> {
    let own = limits::own(tx, caller.tenant).await?;
    if let Some(room) = limits::stores(tx, &settings.engine, caller.tenant, own).await?
        && room.is_full()
    {
        let Room { taken, limit } = room;
        return Err(Refusal::StoreLimit { taken, limit }.into());
    }
    intent::room_within(tx, caller, &settings.engine, own).await?;
    let at = now();
    let spec = spec(settings, wanted, id);
    let operation_id = OperationId::new();
    let store = store::Entity::insert(row(caller, (&spec, wanted), operation_id, at))
        .exec_with_returning(tx)
        .await?;
    let intent = Intent {
        operation_id,
        store_id: id.clone(),
        kind: OperationKind::Create,
        generation: Generation::FIRST,
        goal: Goal::Present { spec },
        ever_ready: false,
        at,
    };
    let operation = intent::record(tx, caller, &settings.engine, intent).await?;
    let operation = Some(FoundOperation::fresh(operation));
    Ok(Found { store, operation })
}

fn spec(settings: &Settings, wanted: &NewStore, id: &StoreId) -> StoreSpec {
    let host = settings.host(id);
    StoreSpec {
        id: id.clone(),
        name: wanted.name.clone(),
        url: settings.stores.store_url.replace("{host}", &host),
        host,
        plan: wanted.plan,
        admin_email: wanted
            .admin_email
            .clone()
            .unwrap_or_else(|| settings.stores.default_admin_email.clone()),
        chart: None,
        image: None,
        replicas: None,
        suspended: false,
        login_key: settings.engine.login_key.clone(),
    }
}

fn row(
    caller: &Caller,
    (spec, wanted): (&StoreSpec, &NewStore),
    operation: OperationId,
    at: OffsetDateTime,
) -> store::ActiveModel {
    store::ActiveModel {
        id: Set(spec.id.to_string()),
        tenant_id: Set(caller.tenant.0),
        name: Set(spec.name.to_string()),
        plan: Set(spec.plan.as_str().to_owned()),
        admin_email: Set(spec.admin_email.clone()),
        wanted_chart: Set(spec.chart.clone()),
        wanted_image: Set(spec.image.clone()),
        wanted_replicas: Set(spec.replicas.map(to_i32)),
        safe_spec: NotSet,
        wanted_suspended: Set(spec.suspended),
        wanted_login_key: Set(spec.login_key.as_deref().map(Into::into)),
        labels: Set(json!(wanted.labels)),
        deletion_protection: Set(wanted.deletion_protection),
        images: NotSet,
        previous: NotSet,
        host: Set(spec.host.clone()),
        url: Set(spec.url.clone()),
        status: Set(StoreStatus::Queued.as_str().to_owned()),
        generation: Set(Generation::FIRST.0),
        ever_ready: Set(false),
        failure: NotSet,
        current_operation_id: Set(operation.0),
        chart: NotSet,
        revision: NotSet,
        version: Set(1),
        created_at: Set(at),
        updated_at: Set(at),
        ready_at: NotSet,
        deleted_at: NotSet,
        health: NotSet,
        health_reasons: NotSet,
        health_term: NotSet,
        health_told: NotSet,
        looked_at: NotSet,
        shop: NotSet,
    }
}

fn requested(caller: &Caller, found: &Found, wanted: &NewStore) -> NewAuditEvent {
    let operation = Some(OperationId(found.store.current_operation_id));
    let mut details = json!({
        "name": wanted.name, "plan": wanted.plan, "labels": wanted.labels,
        "deletion_protection": wanted.deletion_protection, "generation": Generation::FIRST,
    });
    let mut after = details.clone();
    after["status"] = json!(found.store.status);
    details = change::told(&Value::Null, &after, details);
    let store = found.store_id();
    wish::event(
        caller,
        Some(&store),
        operation,
        "store.create.requested",
        details,
    )
}

fn refused(caller: &Caller, wanted: &NewStore, reason: &str) -> NewAuditEvent {
    let details = json!({ "name": wanted.name, "reason": reason });
    NewAuditEvent {
        details,
        ..wish::refused(caller, None, "store.create.refused", reason)
    }
}

fn id_is_taken(error: &DbError) -> bool {
    error
        .constraint()
        .is_some_and(|name| matches!(name, "stores_pkey" | "stores_host_live_key"))
}
