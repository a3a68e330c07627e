//! Adopt and purge: ordinary operations for stores that are named one by one.
//! Foreign namespaces are never touched. All that a call names, or nothing.

use sea_orm::ActiveValue::Set;
use sea_orm::{DatabaseTransaction, EntityTrait as _};
use serde_json::{Value, json};
use shared::contract::command::Goal;
use shared::ids::{Generation, OperationId, StoreId, TenantId};
use shared::operation::{OperationKind, OperationStatus};
use shared::plan::Plan;
use shared::store_name::StoreName;
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;

use crate::access::tenants;
use crate::audit::{NewAuditEvent, change};
use crate::db::{Database, DbError};
use crate::entity::store;
use crate::idempotency::Answer;
use crate::projector::status;
use crate::reconciliation::compare::{Difference, DifferenceKind};
use crate::reconciliation::guard;
use crate::reconciliation::report::report;
use crate::record::StoreRecord;
use crate::record::rows::now;
use crate::settings::Settings;
use crate::stores::delete::{self, Deletion, Haste};
use crate::stores::find::{self, FoundOperation};
use crate::stores::intent::{self, Intent, Turn};
use crate::stores::wish::{self, Granted, Wish};
use crate::stores::{Caller, StoreError};

/// What shall be done about differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Bring record and cluster together; the store stays.
    Adopt,
    /// Remove what is left on either side.
    Purge,
}

impl Deed {
    fn kinds(self) -> &'static [DifferenceKind] {
        match self {
            Self::Adopt => &[
                DifferenceKind::NamespaceWithoutRecord,
                DifferenceKind::DriftedRelease,
            ],
            Self::Purge => &[
                DifferenceKind::NamespaceWithoutRecord,
                DifferenceKind::RecordWithoutNamespace,
            ],
        }
    }

    fn requested(self) -> &'static str {
        match self {
            Self::Adopt => "store.adopt.requested",
            Self::Purge => "store.purge.requested",
        }
    }

    fn refused(self) -> &'static str {
        match self {
            Self::Adopt => "store.adopt.refused",
            Self::Purge => "store.purge.refused",
        }
    }
}

/// Do it for the stores that are named.
///
/// Effect: an operation for each, audited; or nothing, if the ground is unsure,
/// too many are named, or one of them is not such a difference.
///
/// # Errors
/// [`StoreError`].
pub async fn act(
    db: &Database,
    settings: &Settings,
    (deed, named): (Deed, &[StoreId]),
    wish: Wish<'_>,
    answer: impl Fn(&[FoundOperation]) -> Result<Answer, DbError>,
) -> Result<Granted, StoreError> {
    let caller = wish.caller;
    let names: Vec<String> = named.iter().map(ToString::to_string).collect();
    let known = db.read(async |db| report(db, settings).await).await?;
    let chosen = match known.refusal {
        Some(refusal) => Err(refusal),
        None => guard::chosen(
            &names,
            deed.kinds(),
            &known.differences,
            known.counts.living,
            &settings.reconciliation,
        ),
    };
    let chosen = &chosen;
    let work = async |tx: &DatabaseTransaction| {
        let (mut operations, mut events) = (Vec::new(), Vec::new());
        for (id, difference) in named.iter().zip(chosen.clone()?) {
            let ours = (deed, id, difference);
            let owner = &for_owner(tx, caller, difference).await?;
            let was = standing(tx, id).await?;
            let done = for_one(tx, settings, owner, ours).await;
            let (operation, said) = done.map_err(|error| overtaken(id, error))?;
            let is = standing(tx, id).await?;
            let details = json!({ "kind": difference.kind, "status": difference.status });
            let details = change::told(&was, &is, details);
            let done = Some(OperationId(operation.operation.id));
            events.extend(said);
            events.push(wish::event(
                owner,
                Some(id),
                done,
                deed.requested(),
                details,
            ));
            operations.push(operation);
        }
        Ok((answer(&operations)?, events))
    };
    let refused = |reason| {
        let why = chosen.as_ref().err().map(ToString::to_string);
        let reason = why.unwrap_or_else(|| str::to_owned(reason));
        let mut event = wish::refused(caller, None, deed.refused(), &reason);
        event.details["store_ids"] = json!(names);
        event
    };
    wish::grant(db, wish, work, refused).await
}

/// The record changed since it was compared, or another call made it meanwhile: it is no
/// such difference any more.
fn overtaken(id: &StoreId, error: StoreError) -> StoreError {
    let moved = match &error {
        StoreError::NotFound => true,
        StoreError::Database(cause) => cause.constraint() == Some("stores_pkey"),
        StoreError::KeyReused
        | StoreError::KeyRunning
        | StoreError::Stale
        | StoreError::Unsure(_)
        | StoreError::Refused(_) => false,
    };
    if moved {
        guard::Refusal::NotApplicable(id.to_string()).into()
    } else {
        error
    }
}

/// How the store stands on record, for the audit; null where it is on none.
async fn standing(tx: &DatabaseTransaction, id: &StoreId) -> Result<Value, DbError> {
    let row = store::Entity::find_by_id(id.as_str()).one(tx).await?;
    let told = |row: store::Model| json!({ "status": row.status, "generation": row.generation });
    Ok(row.map_or(Value::Null, told))
}

/// The caller in the name of the tenant whose it is; of one that is not known
/// here the caller's own takes it.
async fn for_owner(
    tx: &DatabaseTransaction,
    caller: &Caller,
    difference: &Difference,
) -> Result<Caller, DbError> {
    let told = difference.tenant_id.map(TenantId);
    let owner = match told.filter(|owner| *owner != caller.tenant) {
        None => None,
        Some(owner) => tenants::find(tx, owner).await?,
    };
    Ok(Caller {
        tenant: owner.map_or(caller.tenant, |owner| TenantId(owner.id)),
        ..caller.clone()
    })
}

async fn for_one(
    tx: &DatabaseTransaction,
    settings: &Settings,
    caller: &Caller,
    (deed, id, difference): (Deed, &StoreId, &Difference),
) -> Result<(FoundOperation, Vec<NewAuditEvent>), StoreError> {
    if difference.kind == DifferenceKind::RecordWithoutNamespace {
        // Nothing is there that could be wanted back.
        let wish = (id, Haste::AtOnce);
        return match delete::begin(tx, &settings.engine, caller, wish).await? {
            (Deletion::Accepted(operation), events) => Ok((*operation, events)),
            (Deletion::Gone, _) => Err(StoreError::NotFound),
        };
    }
    let operation = match difference.status {
        None => record(tx, settings, caller, (deed, id, difference.ever_ready)).await?,
        Some(status) => turn(tx, settings, caller, (deed, id, status)).await?,
    };
    let operation = find::operation(tx, caller, operation).await?;
    Ok((operation, Vec::new()))
}

/// Make a record of a namespace that has none. The cluster's generation is not
/// known here: the first command is refused with it, and said again above it.
async fn record(
    tx: &DatabaseTransaction,
    settings: &Settings,
    caller: &Caller,
    (deed, id, ever_ready): (Deed, &StoreId, bool),
) -> Result<OperationId, StoreError> {
    let spec = spec(settings, id);
    let (kind, goal) = match deed {
        Deed::Adopt => (OperationKind::Create, Goal::Present { spec: spec.clone() }),
        Deed::Purge => (OperationKind::Delete, Goal::Absent),
    };
    let (at, operation_id) = (now(), OperationId::new());
    let row = store::ActiveModel {
        id: Set(id.to_string()),
        tenant_id: Set(caller.tenant.0),
        name: Set(spec.name.to_string()),
        plan: Set(spec.plan.as_str().to_owned()),
        admin_email: Set(spec.admin_email),
        labels: Set(json!({})),
        host: Set(spec.host),
        url: Set(spec.url),
        wanted_login_key: Set(spec.login_key.map(Into::into)),
        status: Set(status::of(kind, OperationStatus::Queued)
            .as_str()
            .to_owned()),
        generation: Set(Generation::FIRST.0),
        ever_ready: Set(ever_ready),
        current_operation_id: Set(operation_id.0),
        version: Set(1),
        created_at: Set(at),
        updated_at: Set(at),
        ..Default::default()
    };
    store::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    let intent = Intent {
        operation_id,
        store_id: id.clone(),
        kind,
        generation: Generation::FIRST,
        goal,
        ever_ready,
        at,
    };
    intent::record(tx, caller, &settings.engine, intent).await?;
    Ok(operation_id)
}

/// Turn a store on record: a drifted one to what is wanted of it, a deleted one
/// whose namespace is still there to its removal.
async fn turn(
    tx: &DatabaseTransaction,
    settings: &Settings,
    caller: &Caller,
    (deed, id, compared): (Deed, &StoreId, StoreStatus),
) -> Result<OperationId, StoreError> {
    let row = find::locked(tx, caller, id).await?;
    let store = StoreRecord::try_from(&row)?;
    let (kind, goal) = match (deed, store.status) {
        (Deed::Adopt, StoreStatus::Ready) => {
            let spec = store.spec.clone();
            (OperationKind::Update, Goal::Present { spec })
        }
        (Deed::Purge, StoreStatus::Deleted) if compared == StoreStatus::Deleted => {
            (OperationKind::Delete, Goal::Absent)
        }
        (Deed::Adopt, StoreStatus::Deleted) => {
            return Err(guard::Refusal::Deleted(id.to_string()).into());
        }
        // It changed since it was compared.
        _ => return Err(StoreError::NotFound),
    };
    let generation = store.generation.next();
    let turn = Turn {
        kind,
        generation,
        goal,
    };
    Ok(intent::begin(tx, caller, &settings.engine, &row, turn).await?)
}

/// What can be told of a store by its name alone; the rest is as for a new one.
#[expect(clippy::expect_used, reason = "an id is a short text")]
fn spec(settings: &Settings, id: &StoreId) -> StoreSpec {
    let host = settings.host(id);
    let name: StoreName = id.to_string().parse().expect("an id is a name too");
    StoreSpec {
        id: id.clone(),
        name,
        url: settings.stores.store_url.replace("{host}", &host),
        host,
        plan: Plan::default(),
        admin_email: settings.stores.default_admin_email.clone(),
        chart: None,
        image: None,
        replicas: None,
        suspended: false,
        login_key: settings.engine.login_key.clone(),
    }
}
