//! `/tenants`: for who runs the platform.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use sea_orm::EntityTrait as _;
use serde::Serialize;
use serde_json::{Value, json};
use shared::ids::TenantId;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::tenants::{self, Limits};
use crate::audit::change;
use crate::entity::tenant::{Column, Entity, Model};
use crate::error::ApiError;
use crate::error::problem::{FieldError, Problem};
use crate::http::cursor::{PageView, page_request};
use crate::http::granted::{answer, request_key, respond};
use crate::http::json::{Fields, JsonObject, whole};
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::paging::{Listing, Page, Place};
use crate::routes::refusals::{OfList, OfReading, OfWish};
use crate::stores::keyset::newest_first;
use crate::stores::wish::{self, Wish};
use crate::stores::{Caller, StoreError};

/// An owner of stores.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TenantView {
    /// Identity.
    pub id: Uuid,
    /// Name; unique.
    #[schema(example = "acme")]
    pub name: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Its bounds.
    pub limits: Limits,
}

impl TenantView {
    fn of(row: &Model) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
            created_at: row.created_at,
            limits: limits_of(row),
        }
    }
}

fn limits_of(row: &Model) -> Limits {
    Limits {
        max_stores: row.max_stores,
        max_operations: row.max_operations,
    }
}

/// The wanted tenant.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "acme", "max_stores": 10 }))]
#[allow(
    dead_code,
    reason = "the shape of the document; parsing collects all complaints by itself"
)]
pub struct NewTenantBody {
    /// Lower-case letters, digits and `-`; unique.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$")]
    pub name: String,
    /// Stores that are not Deleted, at most; null for the platform's own limit.
    #[schema(minimum = 0, maximum = 2_147_483_647, example = 10)]
    pub max_stores: Option<i32>,
    /// Operations open at once, at most; null for the platform's own limit.
    #[schema(minimum = 0, maximum = 2_147_483_647, example = 10)]
    pub max_operations: Option<i32>,
}

/// Bounds to be changed; what is left out stays.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "max_stores": 20 }))]
#[allow(
    dead_code,
    reason = "the shape of the document; parsing collects all complaints by itself"
)]
pub struct LimitsBody {
    /// Stores that are not Deleted, at most; null for the platform's own limit.
    #[schema(minimum = 0, maximum = 2_147_483_647, example = 10)]
    pub max_stores: Option<i32>,
    /// Operations open at once, at most; null for the platform's own limit.
    #[schema(minimum = 0, maximum = 2_147_483_647, example = 10)]
    pub max_operations: Option<i32>,
}

/// List tenants
///
/// All tenants, newest first.
#[utoipa::path(
    get, path = "/tenants", tag = "access", operation_id = "listTenants",
    params(
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "Items of a page; 50 if left out."),
        ("cursor" = Option<String>, Query, description = "A `next_cursor` or `prev_cursor` of this list, with the same filters."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag`; 304 if the page is that still."),
    ),
    responses(
        (status = 200, description = "A page.", body = PageView<TenantView>, headers(
            ("Link" = String, description = "The pages `first`, `prev` and `next` (RFC 8288)."),
            ("ETag" = String, description = "For `If-None-Match`."))),
        OfReading, OfList,
    ),
)]
pub async fn list(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, ApiError> {
    let mut query = Query::of(&request);
    let wanted = page_request(&mut query, Listing::of(&["tenants"]));
    query.finish()?;
    let wanted = &wanted;
    let page = state
        .db
        .read(async |db| -> Result<_, StoreError> {
            let page = newest_first(Entity::find(), (Column::CreatedAt, Column::Id), wanted);
            Ok(Page::new(page.all(db).await?, wanted, |row| Place {
                at: row.created_at,
                id: row.id,
            }))
        })
        .await
        .map_err(ApiError::of_list)?;
    let page = PageView::of(page, |row: Model| Ok::<_, ApiError>(TenantView::of(&row)))?;
    Ok(page.answer(&request))
}

/// Create a tenant
///
/// Make a tenant. It can do nothing before it has a key.
#[utoipa::path(
    post, path = "/tenants", tag = "access", operation_id = "createTenant",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "A request that is sent again with the same key (within 24 hours) gets the first answer again.")),
    request_body(content = NewTenantBody, content_type = "application/json"),
    responses(
        (status = 201, description = "The tenant.", body = TenantView),
        (status = 409, description = "Another tenant has the name.", body = Problem, content_type = "application/problem+json"),
        OfWish,
    ),
)]
pub async fn create(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    Query::of(&request).finish()?;
    let nameless = !body.0.contains_key("name");
    let mut fields = Fields::of(body);
    let name = fields.text("name", tenant_name);
    let limits = Limits {
        max_stores: fields.value("max_stores", bound).flatten(),
        max_operations: fields.value("max_operations", bound).flatten(),
    };
    fields.finish()?;
    let Some(name) = name.filter(|_| !nameless) else {
        let needed = FieldError::new("/name", "is needed");
        return Err(ApiError::InvalidBody(vec![needed]));
    };
    let key = request_key(&request, &json!([name, limits]))?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let work = async |tx: &sea_orm::DatabaseTransaction| {
        let row = tenants::insert(tx, &name, limits).await?;
        let details = json!({ "tenant_id": row.id, "name": row.name, "limits": limits });
        let details = change::told(&Value::Null, &details, details.clone());
        let event = wish::event(&caller, None, None, "tenant.created", details);
        let view = TenantView::of(&row);
        Ok((answer(StatusCode::CREATED, None, &view)?, vec![event]))
    };
    let refused = |reason| wish::refused(&caller, None, "tenant.create.refused", reason);
    let granted =
        wish::grant(&state.db, wish, work, refused)
            .await
            .map_err(|error| match error {
                StoreError::Database(error) if error.constraint() == Some("tenants_name_key") => {
                    ApiError::TenantNameTaken(name.clone())
                }
                error => ApiError::of_list(error),
            })?;
    Ok(respond(granted))
}

/// Change a tenant's limits
///
/// Give a tenant other bounds. What it has beyond them stays.
#[utoipa::path(
    patch, path = "/tenants/{id}", tag = "access", operation_id = "updateTenant",
    params(
        ("id" = Uuid, Path, description = "The tenant's id."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "A request that is sent again with the same key (within 24 hours) gets the first answer again."),
    ),
    request_body(content = Option<LimitsBody>, content_type = "application/json"),
    responses(
        (status = 200, description = "The tenant.", body = TenantView),
        (status = 404, description = "No such tenant.", body = Problem, content_type = "application/problem+json"),
        OfWish,
    ),
)]
pub async fn update(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let malformed = |_| ApiError::MalformedId(path.chars().take(64).collect());
    let id: Uuid = path.parse().map_err(malformed)?;
    Query::of(&request).finish()?;
    let mut fields = Fields::of(body);
    let max_stores = fields.value("max_stores", bound);
    let max_operations = fields.value("max_operations", bound);
    fields.finish()?;
    let changed = json!([max_stores.map(|to| [to]), max_operations.map(|to| [to])]);
    let key = request_key(&request, &changed)?;
    let wish = Wish {
        caller: &caller,
        key: key.as_ref(),
        seen: None,
    };
    let work = async |tx: &sea_orm::DatabaseTransaction| {
        // Locked: of two changes at once, each keeps what the other changed.
        let row = tenants::locked(tx, TenantId(id)).await?;
        let row = row.ok_or(StoreError::NotFound)?;
        let before = limits_of(&row);
        let after = Limits {
            max_stores: max_stores.unwrap_or(before.max_stores),
            max_operations: max_operations.unwrap_or(before.max_operations),
        };
        tenants::limit(tx, TenantId(id), after).await?;
        let row = Model {
            max_stores: after.max_stores,
            max_operations: after.max_operations,
            ..row
        };
        let details = json!({ "tenant_id": id, "before": before, "after": after });
        let event = wish::event(&caller, None, None, "tenant.limits.changed", details);
        let view = TenantView::of(&row);
        Ok((answer(StatusCode::OK, None, &view)?, vec![event]))
    };
    let refused = |reason| wish::refused(&caller, None, "tenant.update.refused", reason);
    let granted = wish::grant(&state.db, wish, work, refused)
        .await
        .map_err(|error| ApiError::unless_missing(error, || ApiError::TenantNotFound(id)))?;
    Ok(respond(granted))
}

fn tenant_name(text: &str) -> Result<String, &'static str> {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ok = (1..=40).contains(&text.len())
        && text.bytes().next().is_some_and(fine)
        && text.bytes().all(|byte| fine(byte) || byte == b'-');
    if ok {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 40 lower-case letters, digits and `-`, and not begin with `-`")
    }
}

/// A bound, or null for none of its own.
fn bound(value: &Value) -> Result<Option<i32>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let count = whole(value).and_then(|count| i32::try_from(count).ok());
    match count.filter(|count| *count >= 0) {
        Some(count) => Ok(Some(count)),
        None => {
            Err("must be a whole number from 0 on, or null for the platform's own limit".to_owned())
        }
    }
}
