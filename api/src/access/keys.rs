//! API keys in the database. Only hashes stand there.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
};
use serde_json::{Value, json};
use shared::ids::TenantId;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::access::key::KeyText;
use crate::access::{Means, Principal, Role};
use crate::db::DbError;
use crate::entity::api_key::{ActiveModel, Column, Entity, Model};
use crate::record::rows::{UnreadableRow, now};

/// How exactly it is known when a key was last used.
const USED_STEP: Duration = Duration::minutes(1);

/// A key that somebody wants.
#[derive(Debug, Clone)]
pub struct NewKey {
    pub tenant: TenantId,
    pub name: String,
    pub role: Role,
    pub expires_at: Option<OffsetDateTime>,
}

/// Why a key does not open anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// No such key, or not its secret.
    #[error("the key is not known here")]
    Unknown,
    /// Its time is over.
    #[error("the key has expired")]
    Expired,
    /// It was taken back.
    #[error("the key was revoked")]
    Revoked,
}

/// Keep a key's hash. `by` is who gives it out.
///
/// # Errors
/// The database's.
pub async fn insert<C: ConnectionTrait>(
    db: &C,
    key: &KeyText,
    wanted: &NewKey,
    by: &str,
) -> Result<Model, DbError> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        tenant_id: Set(wanted.tenant.0),
        name: Set(wanted.name.clone()),
        role: Set(wanted.role.as_str().to_owned()),
        prefix: Set(key.prefix().to_owned()),
        hash: Set(key.hash().to_vec()),
        created_by: Set(by.to_owned()),
        created_at: Set(now()),
        expires_at: Set(wanted.expires_at),
        revoked_at: NotSet,
        last_used_at: NotSet,
    };
    Ok(Entity::insert(row).exec_with_returning(db).await?)
}

/// The key's row, whether it opens anything or not.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(db: &C, key: &KeyText) -> Result<Option<Model>, DbError> {
    let found = Entity::find()
        .filter(Column::Prefix.eq(key.prefix()))
        .one(db)
        .await?;
    Ok(found)
}

/// Whom a key's row stands for at that moment.
///
/// # Errors
/// [`Closed`] with the reason.
pub fn opens(row: &Model, at: OffsetDateTime) -> Result<(), Closed> {
    if row.revoked_at.is_some() {
        return Err(Closed::Revoked);
    }
    if row.expires_at.is_some_and(|end| end <= at) {
        return Err(Closed::Expired);
    }
    Ok(())
}

/// Whom a key's row stands for.
///
/// # Errors
/// A role that this build does not know.
pub fn principal(row: &Model, means: Means) -> Result<Principal, UnreadableRow> {
    Ok(Principal {
        tenant: TenantId(row.tenant_id),
        role: Role::parse(&row.role)
            .ok_or_else(|| UnreadableRow::new("api_keys.role", &row.role))?,
        actor: Principal::named(&row.prefix),
        means,
    })
}

/// Whether the use of a key is worth a write.
pub fn is_news(row: &Model, at: OffsetDateTime) -> bool {
    row.last_used_at.is_none_or(|last| at - last > USED_STEP)
}

/// Remember that a key was used.
///
/// # Errors
/// The database's.
pub async fn used<C: ConnectionTrait>(db: &C, id: Uuid, at: OffsetDateTime) -> Result<(), DbError> {
    let used = ActiveModel {
        last_used_at: Set(Some(at)),
        ..Default::default()
    };
    Entity::update_many()
        .set(used)
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Take a key back; of that tenant alone, if one is named. `None` if there is none such.
/// Repeating it: nothing.
///
/// # Errors
/// The database's.
pub async fn revoke(
    tx: &DatabaseTransaction,
    tenant: Option<TenantId>,
    id: Uuid,
) -> Result<Option<Revoked>, DbError> {
    let known = Entity::find_by_id(id);
    let known = match tenant {
        Some(tenant) => known.filter(Column::TenantId.eq(tenant.0)),
        None => known,
    };
    let known = known.one(tx).await?;
    let Some(key) = known else { return Ok(None) };
    let at = now();
    let revoked = ActiveModel {
        revoked_at: Set(Some(at)),
        ..Default::default()
    };
    let done = Entity::update_many()
        .set(revoked)
        .filter(Column::Id.eq(id))
        .filter(Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    let now = done.rows_affected > 0;
    Ok(Some(Revoked { key, at, now }))
}

/// A key as the audit has it: by what it is known, never by what it opens.
pub fn told(key: &Model) -> Value {
    let seconds = |at: Option<OffsetDateTime>| at.map(OffsetDateTime::unix_timestamp);
    json!({
        "key_id": key.id, "prefix": key.prefix, "name": key.name, "role": key.role,
        "expires_at": seconds(key.expires_at), "revoked_at": seconds(key.revoked_at),
    })
}

/// A key that opens nothing any more.
#[derive(Debug)]
pub struct Revoked {
    /// As it was.
    pub key: Model,
    /// When it was taken back.
    pub at: OffsetDateTime,
    /// Whether it was this call that took it back.
    pub now: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Model {
        Model {
            id: Uuid::nil(),
            tenant_id: TenantId::LOCAL.0,
            name: "ci".to_owned(),
            role: "operator".to_owned(),
            prefix: "urumi_bcdfghjklm".to_owned(),
            hash: vec![0; 32],
            created_by: "local".to_owned(),
            created_at: OffsetDateTime::UNIX_EPOCH,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }

    #[test]
    fn a_key_opens_until_it_expires_or_is_revoked() {
        let at = |second| OffsetDateTime::UNIX_EPOCH + Duration::seconds(second);
        for (expires, revoked, then, result) in [
            (None, None, 100, Ok(())),
            (Some(101), None, 100, Ok(())),
            (Some(100), None, 100, Err(Closed::Expired)),
            (Some(1), None, 100, Err(Closed::Expired)),
            (None, Some(1), 100, Err(Closed::Revoked)),
            (Some(1), Some(1), 100, Err(Closed::Revoked)),
        ] {
            let row = Model {
                expires_at: expires.map(at),
                revoked_at: revoked.map(at),
                ..row()
            };
            assert_eq!(opens(&row, at(then)), result, "{expires:?} {revoked:?}");
        }
    }

    #[test]
    fn a_row_stands_for_its_tenant_and_role() {
        let somebody = principal(&row(), Means::Key).unwrap();
        assert_eq!(somebody.role, Role::Operator);
        assert_eq!(somebody.actor, "key:urumi_bcdfghjklm");
        assert!(!somebody.runs_platform());
        let odd = Model {
            role: "root".to_owned(),
            ..row()
        };
        assert!(principal(&odd, Means::Key).is_err());
    }
}
