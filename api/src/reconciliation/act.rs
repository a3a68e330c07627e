//! Adopt and purge: ordinary operations for stores that are named one by one.
//! Foreign namespaces are never touched. Each store is a transaction of its own;
//! a call that was cut short is made again for what the report still shows.

use sea_orm::ActiveValue::Set;
use sea_orm::{DatabaseTransaction, EntityTrait as _};
use serde_json::json;
use shared::contract::command::Goal;
use shared::ids::{Generation, OperationId, StoreId};
use shared::operation::{OperationKind, OperationStatus};
use shared::plan::Plan;
use shared::store_name::StoreName;
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;

use crate::audit;
use crate::db::{Database, DbError};
use crate::entity::store;
use crate::projector::status;
use crate::reconciliation::compare::{Difference, DifferenceKind};
use crate::reconciliation::guard::{self, Refusal};
use crate::reconciliation::report::report;
use crate::record::StoreRecord;
use crate::record::rows::now;
use crate::settings::Settings;
use crate::stores::delete::{Deletion, delete};
use crate::stores::find::{self, FoundOperation};
use crate::stores::intent::{self, Intent, Turn};
use crate::stores::{Caller, StoreError, wish};

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

/// Nothing, or no more, was done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DbError> for ActError {
    fn from(error: DbError) -> Self {
        Self::Store(error.into())
    }
}

/// Do it for the stores that are named.
///
/// Effect: an operation for each, audited; or nothing, if the ground is unsure,
/// too many are named, or one of them is not such a difference.
///
/// # Errors
/// [`ActError`].
pub async fn act(
    db: &Database,
    settings: &Settings,
    caller: &Caller,
    deed: Deed,
    named: &[StoreId],
) -> Result<Vec<FoundOperation>, ActError> {
    let names: Vec<String> = named.iter().map(ToString::to_string).collect();
    let known = db
        .read(async |db| report(db, settings, caller).await)
        .await?;
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
    let chosen = match chosen {
        Ok(chosen) => chosen,
        Err(refusal) => {
            let mut event = wish::refused(caller, None, deed.refused(), &refusal.to_string());
            event.details["store_ids"] = json!(names);
            db.transaction(async |tx| audit::append(tx, std::slice::from_ref(&event)).await)
                .await?;
            return Err(refusal.into());
        }
    };
    let mut operations = Vec::new();
    for (id, difference) in named.iter().zip(chosen) {
        let ours = (deed, id, difference);
        operations.push(for_one(db, settings, caller, ours).await?);
    }
    Ok(operations)
}

async fn for_one(
    db: &Database,
    settings: &Settings,
    caller: &Caller,
    (deed, id, difference): (Deed, &StoreId, &Difference),
) -> Result<FoundOperation, StoreError> {
    let say = async |tx: &DatabaseTransaction, operation| {
        let details = json!({ "kind": difference.kind, "status": difference.status });
        let event = wish::event(caller, Some(id), Some(operation), deed.requested(), details);
        audit::append(tx, &[event]).await
    };
    if difference.kind == DifferenceKind::RecordWithoutNamespace {
        let deletion = delete(db, &settings.engine, caller, id).await?;
        let Deletion::Accepted(operation) = deletion else {
            return Err(StoreError::NotFound);
        };
        let operation_id = OperationId(operation.operation.id);
        db.transaction(async |tx| say(tx, operation_id).await)
            .await?;
        return Ok(*operation);
    }
    db.transaction(async |tx| {
        let operation = match difference.status {
            None => record(tx, settings, caller, (deed, id, difference.ever_ready)).await?,
            Some(status) => turn(tx, settings, caller, (deed, id, status)).await?,
        };
        say(tx, operation).await?;
        find::operation(tx, caller, operation).await
    })
    .await
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
        // It changed since it was compared, or is gone for good.
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
    let domain = settings.stores.store_domain.trim_matches('.');
    let host = format!("{id}.{domain}").to_lowercase();
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
    }
}
