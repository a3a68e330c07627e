//! `PATCH /stores/{id}` and `POST /stores/{id}/upgrade`: a changed spec, as an
//! operation under the next generation.

use serde_json::{Value, json};
use shared::contract::command::Goal;
use shared::ids::StoreId;
use shared::plan::Plan;
use shared::store_name::StoreName;
use shared::store_spec::StoreSpec;

use crate::db::{Database, DbError};
use crate::idempotency::Answer;
use crate::record::{OperationRecord, StoreRecord};
use crate::settings::EngineSettings;
use crate::stores::StoreError;
use crate::stores::find::{self, Found};
use crate::stores::intent::{self, Turn};
use crate::stores::legal;
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
/// with it, and a command to be sent; nothing where the spec stays as it is.
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
    let work = async |tx: &sea_orm::DatabaseTransaction| {
        let row = find::locked(tx, caller, id).await?;
        let store = StoreRecord::try_from(&row)?;
        let newest = find::operation(tx, caller, store.current_operation_id).await?;
        let spec = change.of(&store.spec);
        if spec == store.spec {
            let found = find::one(tx, caller, id).await?;
            let changed = false;
            return Ok((answer(&Updated { found, changed })?, Vec::new()));
        }
        let newest = OperationRecord::try_from(&newest.operation)?;
        let turn = Turn {
            kind: legal::update(&store, &newest)?,
            generation: store.generation.next(),
            goal: Goal::Present { spec: spec.clone() },
        };
        let details = json!({
            "before": versions(&store.spec), "after": versions(&spec), "generation": turn.generation,
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

/// What of a spec can be changed, for the audit.
fn versions(spec: &StoreSpec) -> Value {
    json!({
        "name": spec.name, "plan": spec.plan, "chart": spec.chart,
        "image": spec.image, "replicas": spec.replicas,
    })
}
