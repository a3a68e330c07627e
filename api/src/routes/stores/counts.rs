//! `GET /stores/counts`

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use shared::contract::observation::Health;
use shared::store_status::StoreStatus;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::http::etag;
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::record::rows::UnreadableRow;
use crate::routes::refusals::{OfList, OfReading};
use crate::stores::counts::{self, Counted};
use crate::stores::{Caller, StoreError};

/// How many stores there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CountsView {
    /// All but the Deleted ones.
    #[schema(minimum = 0, example = 12)]
    pub total: i64,
    /// Of each status.
    pub by_status: StatusCounts,
    /// Of each health; without the Deleted ones. What is not Ready is Unknown.
    pub by_health: HealthCounts,
}

/// Stores of each status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the statuses' own names")]
pub struct StatusCounts {
    pub queued: i64,
    pub provisioning: i64,
    pub ready: i64,
    pub failed: i64,
    pub updating: i64,
    pub suspended: i64,
    pub deleting: i64,
    pub deleted: i64,
    pub delete_failed: i64,
}

/// Stores of each health.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the health's own names")]
pub struct HealthCounts {
    pub unknown: i64,
    pub healthy: i64,
    pub degraded: i64,
}

impl CountsView {
    fn of(counted: &[Counted]) -> Result<Self, StoreError> {
        let mut view = Self::default();
        for one in counted {
            let status = StoreStatus::parse(&one.status)
                .ok_or_else(|| UnreadableRow::new("store_counts.status", &one.status))?;
            let health = Health::parse(&one.health)
                .ok_or_else(|| UnreadableRow::new("store_counts.health", &one.health))?;
            *view.by_status.of(status) += one.stores;
            if status != StoreStatus::Deleted {
                view.total += one.stores;
                *view.by_health.of(health) += one.stores;
            }
        }
        Ok(view)
    }
}

impl StatusCounts {
    fn of(&mut self, status: StoreStatus) -> &mut i64 {
        match status {
            StoreStatus::Queued => &mut self.queued,
            StoreStatus::Provisioning => &mut self.provisioning,
            StoreStatus::Ready => &mut self.ready,
            StoreStatus::Failed => &mut self.failed,
            StoreStatus::Updating => &mut self.updating,
            StoreStatus::Suspended => &mut self.suspended,
            StoreStatus::Deleting => &mut self.deleting,
            StoreStatus::Deleted => &mut self.deleted,
            StoreStatus::DeleteFailed => &mut self.delete_failed,
        }
    }
}

impl HealthCounts {
    fn of(&mut self, health: Health) -> &mut i64 {
        match health {
            Health::Unknown => &mut self.unknown,
            Health::Healthy => &mut self.healthy,
            Health::Degraded => &mut self.degraded,
        }
    }
}

/// Count stores
///
/// How many stores you have of each status and health. It costs the same for any
/// number of them.
#[utoipa::path(
    get, path = "/stores/counts", tag = "stores", operation_id = "countStores",
    params(("If-None-Match" = Option<String>, Header, description = "An `ETag`; 304 if they are that still.")),
    responses(
        (status = 200, description = "The counts.", body = CountsView,
            headers(("ETag" = String, description = "For `If-None-Match`."))),
        OfReading, OfList,
    ),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    Query::of(&request).finish()?;
    let caller = &caller;
    let counted = state.db.read(async |db| counts::all(db, caller).await);
    let view = counted.await.and_then(|counted| CountsView::of(&counted));
    let view = view.map_err(ApiError::of_list)?;
    Ok(etag::answer(&request, None, None, &view))
}
