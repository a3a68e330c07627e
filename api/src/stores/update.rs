//! `PATCH /stores/{id}` and `POST /stores/{id}/upgrade`: a changed spec, as an
//! operation under the next generation.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use shared::contract::command::Goal;
use shared::ids::StoreId;
use shared::plan::Plan;
use shared::store_name::StoreName;
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;

use crate::db::{Database, DbError};
use crate::entity::store;
use crate::idempotency::Answer;
use crate::record::rows::{UnreadableRow, from_json, now};
use crate::record::{OperationRecord, StoreRecord};
use crate::settings::EngineSettings;
use crate::stores::StoreError;
use crate::stores::find::{self, Found};
use crate::stores::intent::{self, Turn};
use crate::stores::labels::{self, LabelChange, Labels};
use crate::stores::legal;
use crate::stores::refusal::Refusal;
use crate::stores::wish::{self, Granted, Wish};

/// What shall be different. The inner `None` leaves a part to the platform: its
/// newest chart, the image and the number of pods of its values files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    pub name: Option<StoreName>,
    pub plan: Option<Plan>,
    pub chart: Option<Option<String>>,
    pub image: Option<Option<String>>,
    pub replicas: Option<Option<u32>>,
    pub labels: LabelChange,
    pub deletion_protection: Option<bool>,
}

impl Change {
    /// To the newest chart and image that the workers have.
    pub fn newest() -> Self {
        Self {
            chart: Some(None),
            image: Some(None),
            ..Self::default()
        }
    }

    /// The spec with this change.
    pub fn of(&self, spec: &StoreSpec) -> StoreSpec {
        let changed = self.clone();
        let spec = spec.clone();
        StoreSpec {
            name: changed.name.unwrap_or(spec.name),
            plan: changed.plan.unwrap_or(spec.plan),
            chart: changed.chart.unwrap_or(spec.chart),
            image: changed.image.unwrap_or(spec.image),
            replicas: changed.replicas.unwrap_or(spec.replicas),
            ..spec
        }
    }
}

/// As the audit names the wish.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    pub requested: &'static str,
    pub refused: &'static str,
}

/// Any change.
pub const UPDATE: Named = Named {
    requested: "store.update.requested",
    refused: "store.update.refused",
};

/// A change of versions alone.
pub const UPGRADE: Named = Named {
    requested: "store.upgrade.requested",
    refused: "store.upgrade.refused",
};

/// The store afterwards, and whether anything is to be done for it.
#[derive(Debug)]
pub struct Updated {
    pub found: Found,
    pub changed: bool,
}

/// Ask for a change.
///
/// Effect: the store has the changed spec under the next generation, an operation
/// with it, and a command to be sent; nothing where the spec stays as it is, but that an
/// upgrade makes a Failed store anew.
/// Repeating it: the spec is the same then, so nothing. Fails when: no such store,
/// or its status does not allow it.
///
/// # Errors
/// [`StoreError`].
pub async fn update(
    db: &Database,
    engine: &EngineSettings,
    (id, change, named): (&StoreId, &Change, Named),
    wish: Wish<'_>,
    answer: impl Fn(&Updated) -> Result<Answer, DbError>,
) -> Result<Granted, StoreError> {
    let caller = wish.caller;
    let work = async |tx: &DatabaseTransaction| {
        let row = wish.locked(tx, id).await?;
        let store = StoreRecord::try_from(&row)?;
        let newest = find::operation(tx, caller, store.current_operation_id).await?;
        let mut spec = change.of(&store.spec);
        // A change of versions rolls the web pods anyhow; a new key goes with it.
        if named.requested == UPGRADE.requested || spec != store.spec {
            spec.login_key.clone_from(&engine.login_key);
        }
        let (marks, marked) = (Marks::of(&row)?, Marks::of(&row)?.with(change));
        if marks != marked {
            marked.save(tx, &row).await?;
        }
        let (before, after) = (told(&store.spec, &marks), told(&spec, &marked));
        // A store that was never made has none of the versions yet.
        let unmade = named.requested == UPGRADE.requested && store.status == StoreStatus::Failed;
        if spec == store.spec && !unmade {
            let found = find::one(tx, caller, id).await?;
            let details = json!({ "before": before, "after": after });
            let event = wish::event(caller, Some(id), None, named.requested, details);
            let events = if marks == marked {
                Vec::new()
            } else {
                marks_fit(&store)?;
                vec![event]
            };
            let changed = false;
            return Ok((answer(&Updated { found, changed })?, events));
        }
        let newest = OperationRecord::try_from(&newest.operation)?;
        let turn = Turn {
            kind: legal::update(&store, &newest)?,
            generation: store.generation.next(),
            goal: Goal::Present { spec: spec.clone() },
        };
        let details = json!({
            "before": before, "after": after, "generation": turn.generation,
        });
        intent::room(tx, caller, engine).await?;
        let operation = intent::begin(tx, caller, engine, &row, turn).await?;
        let found = find::one(tx, caller, id).await?;
        let event = wish::event(caller, Some(id), Some(operation), named.requested, details);
        let changed = true;
        Ok((answer(&Updated { found, changed })?, vec![event]))
    };
    let refused = |reason| wish::refused(caller, Some(id), named.refused, reason);
    wish::grant(db, wish, work, refused).await
}

/// What is on record of a store and no worker has to know.
#[derive(Debug, Clone, PartialEq)]
struct Marks {
    labels: Labels,
    deletion_protection: bool,
}

impl Marks {
    fn of(row: &store::Model) -> Result<Self, UnreadableRow> {
        Ok(Self {
            labels: from_json("stores.labels", &row.labels)?,
            deletion_protection: row.deletion_protection,
        })
    }

    fn with(self, change: &Change) -> Self {
        let protection = change.deletion_protection;
        Self {
            labels: labels::changed(&self.labels, &change.labels),
            deletion_protection: protection.unwrap_or(self.deletion_protection),
        }
    }

    async fn save(&self, tx: &DatabaseTransaction, row: &store::Model) -> Result<(), StoreError> {
        if self.labels.len() > labels::MAX_LABELS {
            let store = row
                .id
                .parse()
                .map_err(|_| UnreadableRow::new("stores.id", &row.id))?;
            return Err(Refusal::TooManyLabels { store }.into());
        }
        let marks = store::ActiveModel {
            labels: Set(json!(self.labels)),
            deletion_protection: Set(self.deletion_protection),
            version: Set(row.version + 1),
            updated_at: Set(now()),
            ..Default::default()
        };
        store::Entity::update_many()
            .set(marks)
            .filter(store::Column::Id.eq(row.id.as_str()))
            .exec(tx)
            .await?;
        Ok(())
    }
}

/// A store that is leaving takes no marks.
fn marks_fit(store: &StoreRecord) -> Result<(), Refusal> {
    match store.status {
        StoreStatus::Deleting | StoreStatus::Deleted => {
            let (store, status) = (store.id.clone(), store.status);
            Err(Refusal::WrongStatus { store, status })
        }
        StoreStatus::Queued
        | StoreStatus::Provisioning
        | StoreStatus::Ready
        | StoreStatus::Failed
        | StoreStatus::Updating
        | StoreStatus::Suspended
        | StoreStatus::DeleteFailed => Ok(()),
    }
}

/// What of a store can be changed, for the audit.
fn told(spec: &StoreSpec, marks: &Marks) -> Value {
    json!({
        "labels": marks.labels, "deletion_protection": marks.deletion_protection,
        "name": spec.name, "plan": spec.plan, "chart": spec.chart,
        "image": spec.image, "replicas": spec.replicas,
    })
}
