//! A tenant's webhooks and their messages in the database. Every query is the
//! tenant's own.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QuerySelect as _,
};
use serde_json::json;
use shared::ids::TenantId;
use time::Duration;
use uuid::Uuid;

use crate::entity::{webhook, webhook_delivery};
use crate::paging::{Page, PageRequest, Place};
use crate::record::rows::now;
use crate::stores::StoreError;
use crate::stores::keyset::newest_first;
use crate::stores::refusal::Refusal;
use crate::stream::Kind;
use crate::webhooks::schedule::PENDING;
use crate::webhooks::secret::{Secret, Vault};

/// Webhooks of a tenant at most.
pub const MAX_WEBHOOKS: u64 = 20;
/// How long the secret before signs beside the new one.
const OVERLAP: Duration = Duration::hours(24);

/// What is asked of a webhook; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    pub url: Option<String>,
    /// Empty for all.
    pub types: Option<Vec<Kind>>,
    pub enabled: Option<bool>,
}

/// A row before and after.
#[derive(Debug)]
pub struct Turned<T> {
    pub was: T,
    pub is: T,
}

fn names(types: &[Kind]) -> serde_json::Value {
    json!(types.iter().map(|kind| kind.as_str()).collect::<Vec<_>>())
}

/// Make one.
///
/// # Errors
/// [`Refusal::WebhookLimit`], or the database's.
pub async fn insert(
    tx: &DatabaseTransaction,
    vault: &Vault,
    tenant: TenantId,
    wanted: &Wanted,
    secret: &Secret,
) -> Result<webhook::Model, StoreError> {
    use webhook::Column;
    // Counted under the tenant's row, so that two at once do not pass it together.
    crate::entity::tenant::Entity::find_by_id(tenant.0)
        .lock_exclusive()
        .one(tx)
        .await?;
    let mine = webhook::Entity::find().filter(Column::TenantId.eq(tenant.0));
    if mine.count(tx).await? >= MAX_WEBHOOKS {
        return Err(Refusal::WebhookLimit.into());
    }
    let (id, at) = (Uuid::now_v7(), now());
    let row = webhook::ActiveModel {
        id: Set(id),
        tenant_id: Set(tenant.0),
        url: Set(wanted.url.clone().unwrap_or_default()),
        types: Set(names(wanted.types.as_deref().unwrap_or_default())),
        enabled: Set(wanted.enabled.unwrap_or(true)),
        secret: Set(vault.seal(id, secret)),
        previous_secret: NotSet,
        previous_until: NotSet,
        disabled_reason: NotSet,
        failing_since: NotSet,
        created_at: Set(at),
        updated_at: Set(at),
    };
    Ok(webhook::Entity::insert(row).exec_with_returning(tx).await?)
}

/// One of the tenant's.
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn one<C: ConnectionTrait>(
    db: &C,
    tenant: TenantId,
    id: Uuid,
) -> Result<webhook::Model, StoreError> {
    let found = webhook::Entity::find_by_id(id)
        .filter(webhook::Column::TenantId.eq(tenant.0))
        .one(db)
        .await?;
    found.ok_or(StoreError::NotFound)
}

async fn locked(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    id: Uuid,
) -> Result<webhook::Model, StoreError> {
    let found = webhook::Entity::find_by_id(id)
        .filter(webhook::Column::TenantId.eq(tenant.0))
        .lock_exclusive()
        .one(tx)
        .await?;
    found.ok_or(StoreError::NotFound)
}

async fn set(
    tx: &DatabaseTransaction,
    id: Uuid,
    mut changed: webhook::ActiveModel,
) -> Result<webhook::Model, StoreError> {
    changed.updated_at = Set(now());
    let rows = webhook::Entity::update_many()
        .set(changed)
        .filter(webhook::Column::Id.eq(id))
        .exec_with_returning(tx)
        .await?;
    rows.into_iter().next().ok_or(StoreError::NotFound)
}

/// Change one. Enabled again, it begins without its past failures.
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn update(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    id: Uuid,
    wanted: &Wanted,
) -> Result<Turned<webhook::Model>, StoreError> {
    let was = locked(tx, tenant, id).await?;
    let mut changed = webhook::ActiveModel {
        url: Set(wanted.url.clone().unwrap_or_else(|| was.url.clone())),
        enabled: Set(wanted.enabled.unwrap_or(was.enabled)),
        ..Default::default()
    };
    if let Some(types) = &wanted.types {
        changed.types = Set(names(types));
    }
    if wanted.enabled == Some(true) {
        changed.disabled_reason = Set(None);
        changed.failing_since = Set(None);
    }
    let is = set(tx, id, changed).await?;
    Ok(Turned { was, is })
}

/// Give one another secret; the one before signs beside it for a day.
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn rotate(
    tx: &DatabaseTransaction,
    vault: &Vault,
    tenant: TenantId,
    id: Uuid,
    secret: &Secret,
) -> Result<Turned<webhook::Model>, StoreError> {
    let was = locked(tx, tenant, id).await?;
    let changed = webhook::ActiveModel {
        secret: Set(vault.seal(id, secret)),
        // What was sealed with another key signs nothing any more.
        previous_secret: Set(vault
            .open(id, &was.secret)
            .is_ok()
            .then(|| was.secret.clone())),
        previous_until: Set(Some(now() + OVERLAP)),
        ..Default::default()
    };
    let is = set(tx, id, changed).await?;
    Ok(Turned { was, is })
}

/// Remove one with its messages; what it was.
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn delete(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    id: Uuid,
) -> Result<webhook::Model, StoreError> {
    let row = locked(tx, tenant, id).await?;
    webhook::Entity::delete_by_id(id).exec(tx).await?;
    Ok(row)
}

/// The tenant's, newest first.
///
/// # Errors
/// The database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    tenant: TenantId,
    request: &PageRequest<Place<Uuid>>,
) -> Result<Page<webhook::Model, Place<Uuid>>, StoreError> {
    use webhook::Column;
    let mine = webhook::Entity::find().filter(Column::TenantId.eq(tenant.0));
    let page = newest_first(mine, (Column::CreatedAt, Column::Id), request);
    Ok(Page::new(page.all(db).await?, request, |row| Place {
        at: row.created_at,
        id: row.id,
    }))
}

/// The messages of one of the tenant's webhooks, newest first.
///
/// # Errors
/// [`StoreError::NotFound`], or the database's.
pub async fn log<C: ConnectionTrait>(
    db: &C,
    tenant: TenantId,
    id: Uuid,
    status: Option<&'static str>,
    request: &PageRequest<Place<Uuid>>,
) -> Result<Page<webhook_delivery::Model, Place<Uuid>>, StoreError> {
    use webhook_delivery::Column;
    one(db, tenant, id).await?;
    let mut messages = webhook_delivery::Entity::find().filter(Column::WebhookId.eq(id));
    if let Some(status) = status {
        messages = messages.filter(Column::Status.eq(status));
    }
    let page = newest_first(messages, (Column::CreatedAt, Column::Id), request);
    Ok(Page::new(page.all(db).await?, request, |row| Place {
        at: row.created_at,
        id: row.id,
    }))
}

/// Send a message once more, with all its tries, whatever became of it. One that
/// waits is sent at once.
///
/// # Errors
/// [`StoreError::NotFound`], [`Refusal::WebhookDisabled`], or the database's.
pub async fn replay(
    tx: &DatabaseTransaction,
    (tenant, id): (TenantId, Uuid),
    delivery: Uuid,
    max_tries: i32,
) -> Result<Turned<webhook_delivery::Model>, StoreError> {
    use webhook_delivery::Column;
    let hook = locked(tx, tenant, id).await?;
    if !hook.enabled {
        return Err(Refusal::WebhookDisabled { webhook: id }.into());
    }
    let was = webhook_delivery::Entity::find_by_id(delivery)
        .filter(Column::WebhookId.eq(id))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(StoreError::NotFound)?;
    let again = webhook_delivery::ActiveModel {
        status: Set(PENDING.to_owned()),
        tries_left: Set(max_tries),
        next_attempt_at: Set(Some(now())),
        delivered_at: Set(None),
        ..Default::default()
    };
    let rows = webhook_delivery::Entity::update_many()
        .set(again)
        .filter(Column::Id.eq(delivery))
        .filter(Column::WebhookId.eq(id))
        .exec_with_returning(tx)
        .await?;
    let is = rows.into_iter().next().ok_or(StoreError::NotFound)?;
    Ok(Turned { was, is })
}
