//! `GET /whoami`

use actix_web::HttpRequest;
use actix_web::web::{Data, Json};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Means, Principal, Role, tenants};
use crate::db::DbError;
use crate::error::ApiError;
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::routes::refusals::OfList;

/// Who asks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhoamiView {
    /// As the audit names you.
    #[schema(example = "key:urumi_k7q2mxbc49")]
    pub actor: String,
    /// What you may do.
    pub role: Role,
    /// Whose stores you see.
    pub tenant: OwnTenantView,
    /// Whether you run the platform itself.
    pub runs_platform: bool,
    /// How you showed who you are.
    pub means: Means,
}

/// Your tenant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OwnTenantView {
    /// Identity.
    pub id: Uuid,
    /// Name.
    #[schema(example = "local")]
    pub name: String,
}

/// Tell who asks
///
/// Who you are to this server.
#[utoipa::path(
    get, path = "/whoami", tag = "access", operation_id = "whoami",
    responses((status = 200, description = "You.", body = WhoamiView), OfList),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    principal: Principal,
) -> Result<Json<WhoamiView>, ApiError> {
    Query::of(&request).finish()?;
    Ok(Json(view(&state, principal).await?))
}

/// A principal on the wire.
///
/// # Errors
/// The database's.
pub async fn view(state: &AppState, principal: Principal) -> Result<WhoamiView, ApiError> {
    let id = principal.tenant;
    let tenant = state
        .db
        .read(async |db| -> Result<_, DbError> { tenants::find(db, id).await })
        .await?;
    Ok(WhoamiView {
        runs_platform: principal.runs_platform(),
        actor: principal.actor,
        role: principal.role,
        tenant: OwnTenantView {
            id: id.0,
            name: tenant.map_or_else(String::new, |tenant| tenant.name),
        },
        means: principal.means,
    })
}
