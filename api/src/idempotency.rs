//! Idempotency keys: the answer to a request is kept in the transaction of its
//! effect. A second request with the key waits for the first one's commit (the
//! primary key's own lock) and gets the same bytes.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use shared::ids::TenantId;

use crate::db::DbError;
use crate::entity::idempotency_key::{ActiveModel, Column, Entity};
use crate::record::rows::{UnreadableRow, from_json, now};
use crate::stores::StoreError;

/// A key and what it was used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    key: String,
    request_hash: Vec<u8>,
}

impl RequestKey {
    /// The key for a request, told apart by method, path and parsed body.
    pub fn new(key: impl Into<String>, method_and_path: &str, body: &[u8]) -> Self {
        let mut digest = Sha256::new();
        digest.update(method_and_path.as_bytes());
        digest.update([0]);
        digest.update(body);
        Self {
            key: key.into(),
            request_hash: digest.finalize().to_vec(),
        }
    }
}

/// An answer, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names and values that belong to the answer itself.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What is known of a key.
#[derive(Debug)]
pub enum Claim {
    /// Nothing; it is ours now, until the transaction ends.
    New,
    /// It was answered before.
    Answered(Answer),
}

/// Take the key, or learn what was answered.
///
/// # Errors
/// [`StoreError::KeyReused`], or the database's.
pub async fn claim(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    key: &RequestKey,
) -> Result<Claim, StoreError> {
    let row = ActiveModel {
        tenant_id: Set(tenant.0),
        key: Set(key.key.clone()),
        request_hash: Set(key.request_hash.clone()),
        created_at: Set(now()),
        ..Default::default()
    };
    let inserted = Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::TenantId, Column::Key])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    if inserted > 0 {
        return Ok(Claim::New);
    }
    let known = Entity::find_by_id((tenant.0, key.key.clone()))
        .one(tx)
        .await?
        .ok_or(DbError::TimedOut)?;
    if known.request_hash != key.request_hash {
        return Err(StoreError::KeyReused);
    }
    let missing = || UnreadableRow::new("idempotency_keys.status", "none");
    Ok(Claim::Answered(Answer {
        status: known
            .status
            .and_then(|status| u16::try_from(status).ok())
            .ok_or_else(missing)?,
        headers: from_json(
            "idempotency_keys.headers",
            &known.headers.unwrap_or(json!([])),
        )?,
        body: known.body.unwrap_or_default(),
    }))
}

/// Keep the answer for a key that was claimed in this transaction.
///
/// # Errors
/// The database's.
pub async fn keep(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    key: &RequestKey,
    answer: &Answer,
) -> Result<(), StoreError> {
    let kept = ActiveModel {
        status: Set(i16::try_from(answer.status).ok()),
        headers: Set(Some(json!(answer.headers))),
        body: Set(Some(answer.body.clone())),
        ..Default::default()
    };
    Entity::update_many()
        .set(kept)
        .filter(Column::TenantId.eq(tenant.0))
        .filter(Column::Key.eq(key.key.as_str()))
        .exec(tx)
        .await?;
    Ok(())
}
