//! What the outside sees of a store. Only turns rows into JSON; no rule is here.

pub mod operation;

use std::collections::BTreeMap;

use serde::Serialize;
use shared::contract::observation::{Health, HealthReason, ShopKind};
use shared::failure::Failure;
use shared::ids::{Generation, StoreId};
use shared::plan::Plan;
use shared::store_spec::StoreSpec;
use shared::store_status::StoreStatus;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::db::DbError;
use crate::health;
use crate::pulse::Pulse;
use crate::record::StoreRecord;
use crate::record::rows::from_json;
pub use crate::routes::view::operation::OperationView;
use crate::stores::find::Found;

/// A store.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StoreView {
    /// Identity; also its namespace and helm release.
    pub id: StoreId,
    /// Display name.
    #[schema(max_length = 60, example = "My Shop")]
    pub name: String,
    /// What can be said of it now.
    pub status: StoreStatus,
    /// Size.
    pub plan: Plan,
    /// Address of the shop's owner.
    pub admin_email: String,
    /// For finding it again.
    #[schema(example = json!({ "team": "north" }))]
    pub labels: BTreeMap<String, String>,
    /// While it is true, a delete is refused.
    pub deletion_protection: bool,
    /// Host name that the shop answers for.
    #[schema(example = "store-k7q2mx.localhost")]
    pub host: String,
    /// Address of the front page; it answers once the status is Ready.
    #[schema(example = "http://store-k7q2mx.localhost:8080")]
    pub url: String,
    /// Grows with each accepted wish.
    pub generation: Generation,
    /// What is wanted of it: what its newest operation asked for, or, when a change
    /// came to nothing, what it was before.
    pub wanted: WantedView,
    /// What it last was when it was Ready; a change that fails returns to it.
    pub safe: Option<WantedView>,
    /// Why it is Failed or DeleteFailed.
    pub failure: Option<Failure>,
    /// Whether it serves now; Unknown unless it is Ready.
    pub health: HealthView,
    /// What it is: `WordPress` is a plain one, which sells nothing. Null until it was
    /// looked at for the first time.
    pub shop: Option<ShopKind>,
    /// The newest operation.
    pub operation: Option<OperationView>,
    /// The chart it was installed from, once Ready.
    pub chart: Option<String>,
    /// The images of its workloads, by container, once Ready.
    #[schema(example = json!({ "mysql": "mysql:8.4", "wordpress": "wordpress:7.1-php8.4-apache" }))]
    pub images: BTreeMap<String, String>,
    /// What a rollback returns to; null while the versions never changed.
    pub previous: Option<VersionsView>,
    /// helm's revision of its release, once Ready.
    pub revision: Option<i64>,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When this record last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// When it was first Ready.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ready_at: Option<OffsetDateTime>,
    /// When it was gone.
    #[serde(with = "time::serde::rfc3339::option")]
    pub deleted_at: Option<OffsetDateTime>,
}

/// Whether a store serves now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HealthView {
    /// The verdict.
    pub status: Health,
    /// Why it is not Healthy.
    pub reasons: Vec<HealthReason>,
    /// When it was last looked at.
    #[serde(with = "time::serde::rfc3339::option")]
    pub looked_at: Option<OffsetDateTime>,
}

/// The versions of a store.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionsView {
    /// Version of its chart; null for the newest that the workers have.
    #[schema(example = "0.1.0")]
    pub chart: Option<String>,
    /// Tag of its web image; null for the platform's own.
    pub image: Option<String>,
}

/// What can be changed of a store.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WantedView {
    /// Display name.
    #[schema(max_length = 60, example = "My Shop")]
    pub name: String,
    /// Size.
    pub plan: Plan,
    /// Version of its chart; null for the newest that the workers have.
    #[schema(example = "0.1.0")]
    pub chart: Option<String>,
    /// Tag of its web image; null for the platform's own.
    pub image: Option<String>,
    /// Number of its web pods; null for the platform's own.
    pub replicas: Option<u32>,
}

impl StoreView {
    /// # Errors
    /// A row that this build cannot read.
    pub fn of(found: &Found) -> Result<Self, DbError> {
        let row = &found.store;
        let record = StoreRecord::try_from(row)?;
        let operation = found.operation.as_ref();
        let ready_since = operation.and_then(|found| found.operation.finished_at);
        let health = health::shown(row, record.status, ready_since)?;
        Ok(Self {
            id: record.id,
            name: row.name.clone(),
            status: record.status,
            plan: record.spec.plan,
            admin_email: row.admin_email.clone(),
            labels: from_json("stores.labels", &row.labels)?,
            deletion_protection: row.deletion_protection,
            host: row.host.clone(),
            url: row.url.clone(),
            generation: record.generation,
            wanted: WantedView::of(&record.spec),
            safe: record.safe_spec.as_ref().map(WantedView::of),
            failure: record.failure,
            health: HealthView {
                status: health.health,
                reasons: health.reasons,
                looked_at: health.looked_at,
            },
            shop: health::shop(row)?,
            operation: found
                .operation
                .as_ref()
                .map(OperationView::of)
                .transpose()?,
            chart: record.chart,
            images: record.images,
            previous: record.previous.map(|previous| VersionsView {
                chart: previous.chart,
                image: previous.image,
            }),
            revision: record.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
            ready_at: row.ready_at,
            deleted_at: row.deleted_at,
        })
    }
}

impl StoreView {
    /// Whether it stays as it is until a row of it changes: nothing in it tells what
    /// time it is.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.operation
            .as_ref()
            .is_none_or(OperationView::is_settled)
    }

    /// With its operation as this api sees it (see [`OperationView::seen`]).
    #[must_use]
    pub fn seen(mut self, pulse: &Pulse) -> Self {
        self.operation = self.operation.map(|operation| operation.seen(pulse));
        self
    }
}

impl WantedView {
    fn of(spec: &StoreSpec) -> Self {
        Self {
            name: spec.name.to_string(),
            plan: spec.plan,
            chart: spec.chart.clone(),
            image: spec.image.clone(),
            replicas: spec.replicas,
        }
    }
}
