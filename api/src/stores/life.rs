//! `POST /stores/{id}/rollback`, `/suspend`, `/resume`: a store that serves, or
//! rests, turns to another spec of its own, under the next generation.

use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};
use shared::contract::command::Goal;
use shared::ids::StoreId;
use shared::operation::OperationKind;
use shared::store_spec::StoreSpec;

use crate::db::{Database, DbError};
use crate::idempotency::Answer;
use crate::record::{OperationRecord, StoreRecord};
use crate::settings::EngineSettings;
use crate::stores::StoreError;
use crate::stores::find;
use crate::stores::intent::{self, Turn};
use crate::stores::legal;
use crate::stores::refusal::Refusal;
use crate::stores::update::Updated;
use crate::stores::wish::{self, Granted, Wish};

/// What it shall turn to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// The versions that were before the last change of them.
    Rollback,
    /// No web pods; the data stays.
    Suspend,
    /// The web pods that were.
    Resume,
}

impl Deed {
    fn kind(self) -> OperationKind {
        match self {
            Self::Rollback => OperationKind::Rollback,
            Self::Suspend => OperationKind::Suspend,
            Self::Resume => OperationKind::Resume,
        }
    }

    fn requested(self) -> &'static str {
        match self {
            Self::Rollback => "store.rollback.requested",
            Self::Suspend => "store.suspend.requested",
            Self::Resume => "store.resume.requested",
        }
    }

    fn refused(self) -> &'static str {
        match self {
            Self::Rollback => "store.rollback.refused",
            Self::Suspend => "store.suspend.refused",
            Self::Resume => "store.resume.refused",
        }
    }

    /// `None` where it is so already.
    fn spec(
        self,
        store: &StoreRecord,
        newest: &OperationRecord,
    ) -> Result<Option<StoreSpec>, Refusal> {
        match self {
            Self::Rollback => legal::rollback(store, newest).map(Some),
            Self::Suspend => legal::rest(store, newest, true),
            Self::Resume => legal::rest(store, newest, false),
        }
    }
}

/// Ask for it.
///
/// Effect: an operation of that kind, the store under the next generation, and a
/// command; nothing where it is so already. Repeating it: refused while that is
/// open, and nothing afterwards (a rollback goes back again). Fails when: no such
/// store, or it stands otherwise.
///
/// # Errors
/// [`StoreError`].
pub async fn turn(
    db: &Database,
    engine: &EngineSettings,
    (id, deed): (&StoreId, Deed),
    wish: Wish<'_>,
    answer: impl Fn(&Updated) -> Result<Answer, DbError>,
) -> Result<Granted, StoreError> {
    let caller = wish.caller;
    let work = async |tx: &DatabaseTransaction| {
        let row = wish.locked(tx, id).await?;
        let store = StoreRecord::try_from(&row)?;
        let newest = find::operation(tx, caller, store.current_operation_id).await?;
        let newest = OperationRecord::try_from(&newest.operation)?;
        let Some(spec) = deed.spec(&store, &newest)? else {
            let found = find::one(tx, caller, id).await?;
            let changed = false;
            return Ok((answer(&Updated { found, changed })?, Vec::new()));
        };
        let generation = store.generation.next();
        let (before, after) = (told(&store.spec), told(&spec));
        let details = json!({ "before": before, "after": after, "generation": generation });
        let turn = Turn {
            kind: deed.kind(),
            generation,
            goal: Goal::Present { spec },
        };
        intent::room(tx, caller, engine).await?;
        let operation = Some(intent::begin(tx, caller, engine, &row, turn).await?);
        let found = find::one(tx, caller, id).await?;
        let event = wish::event(caller, Some(id), operation, deed.requested(), details);
        let changed = true;
        Ok((answer(&Updated { found, changed })?, vec![event]))
    };
    let refused = |reason| wish::refused(caller, Some(id), deed.refused(), reason);
    wish::grant(db, wish, work, refused).await
}

/// What of a spec these change, for the audit; and the name and plan, which a way
/// back may change too.
pub fn told(spec: &StoreSpec) -> Value {
    json!({
        "name": spec.name, "plan": spec.plan, "replicas": spec.replicas,
        "chart": spec.chart, "image": spec.image, "suspended": spec.suspended,
    })
}
