//! Idempotency keys: the answer to a request is kept in the transaction of its
//! effect. A second request with the key is refused while the first is answered,
//! and gets the same bytes afterwards. A key belongs to whoever used it.

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, DbBackend, EntityTrait as _,
    QueryFilter as _, Statement,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::db::DbError;
use crate::entity::idempotency_key::{ActiveModel, Column, Entity};
use crate::record::rows::{UnreadableRow, from_json};
use crate::stores::{Caller, StoreError};

/// A key and what it was used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    key: String,
    request_hash: Vec<u8>,
}

impl RequestKey {
    /// The key itself.
    pub fn text(&self) -> &str {
        &self.key
    }

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

impl Answer {
    /// A status alone.
    pub fn empty(status: u16) -> Self {
        let (headers, body) = (Vec::new(), Vec::new());
        Self {
            status,
            headers,
            body,
        }
    }
}

/// What is known of a key.
#[derive(Debug)]
pub enum Claim {
    /// Nothing; it is ours now, until the transaction ends.
    New,
    /// It was answered before.
    Answered(Answer),
}

/// Take the key, unless another transaction has it until that ends. A key that is older
/// than a day is as good as new, though nobody forgot it yet.
const CLAIM: &str = "
WITH lock AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock(hashtextextended($1::text || ' ' || $2 || ' ' || $3, 7236002)) AS free
), ours AS (
    INSERT INTO idempotency_keys AS known (tenant_id, principal, key, request_hash)
    SELECT $1, $2, $3, $4 FROM lock WHERE free
    ON CONFLICT (tenant_id, principal, key) DO UPDATE SET
        request_hash = EXCLUDED.request_hash, status = NULL, headers = NULL, body = NULL, created_at = now()
    WHERE known.created_at < now() - interval '24 hours'
    RETURNING true
)
SELECT free, EXISTS (SELECT FROM ours) AS ours FROM lock";

/// Take the key, or learn what was answered.
///
/// # Errors
/// [`StoreError::KeyRunning`] while another request with the key is answered,
/// [`StoreError::KeyReused`], or the database's.
pub async fn claim(
    tx: &DatabaseTransaction,
    caller: &Caller,
    key: &RequestKey,
) -> Result<Claim, StoreError> {
    let (tenant, principal) = (caller.tenant.0, caller.actor.as_str());
    let values = [
        tenant.into(),
        principal.into(),
        key.key.as_str().into(),
        key.request_hash.clone().into(),
    ];
    let claim = Statement::from_sql_and_values(DbBackend::Postgres, CLAIM, values);
    let row = tx.query_one_raw(claim).await?.ok_or(DbError::TimedOut)?;
    if !row.try_get::<bool>("", "free")? {
        return Err(StoreError::KeyRunning);
    }
    if row.try_get("", "ours")? {
        return Ok(Claim::New);
    }
    let id = (tenant, principal.to_owned(), key.key.clone());
    let known = Entity::find_by_id(id).one(tx).await?;
    let known = known.ok_or(DbError::TimedOut)?;
    if known.request_hash != key.request_hash {
        return Err(StoreError::KeyReused);
    }
    let missing = || UnreadableRow::new("idempotency_keys.status", "none");
    let status = known.status.and_then(|status| u16::try_from(status).ok());
    let headers = known.headers.unwrap_or(json!([]));
    Ok(Claim::Answered(Answer {
        status: status.ok_or_else(missing)?,
        headers: from_json("idempotency_keys.headers", &headers)?,
        body: known.body.unwrap_or_default(),
    }))
}

/// Keep the answer for a key that was claimed in this transaction.
///
/// # Errors
/// The database's.
pub async fn keep(
    tx: &DatabaseTransaction,
    caller: &Caller,
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
        .filter(Column::TenantId.eq(caller.tenant.0))
        .filter(Column::Principal.eq(caller.actor.as_str()))
        .filter(Column::Key.eq(key.key.as_str()))
        .exec(tx)
        .await?;
    Ok(())
}
