//! The audit's chain, checked by the rule that docs/API.md states and by none of
//! the product's code: gapless, every link holds, the head fits.

use anyhow::Result;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{PgPool, Row as _};

const ROWS: &str = "
SELECT seq, id::text AS id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') AS at,
       tenant_id::text AS tenant_id, store_id, operation_id::text AS operation_id, actor,
       request_id::text AS request_id, action, outcome, details::text AS details, prev_hash, hash
FROM audit_events ORDER BY seq";

/// What is wrong with the chain; nothing, if nothing is.
///
/// # Errors
/// The database's.
pub async fn faults(pool: &PgPool) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let (mut seq, mut hash) = (0_i64, vec![0_u8; 32]);
    for row in sqlx::query(ROWS).fetch_all(pool).await? {
        let this: i64 = row.try_get("seq")?;
        if this != seq + 1 {
            faults.push(format!("audit: {this} follows {seq}"));
        }
        let before: Vec<u8> = row.try_get("prev_hash")?;
        if before != hash {
            faults.push(format!("audit: {this} does not follow the link before it"));
        }
        let stored: Vec<u8> = row.try_get("hash")?;
        let details: String = row.try_get("details")?;
        let at: String = row.try_get("at")?;
        let link = json!({
            "seq": this,
            "id": row.try_get::<String, _>("id")?,
            "at": format!("{}Z", at.trim_end_matches('0').trim_end_matches('.')),
            "tenant_id": row.try_get::<String, _>("tenant_id")?,
            "store_id": row.try_get::<Option<String>, _>("store_id")?,
            "operation_id": row.try_get::<Option<String>, _>("operation_id")?,
            "actor": row.try_get::<String, _>("actor")?,
            "request_id": row.try_get::<Option<String>, _>("request_id")?,
            "action": row.try_get::<String, _>("action")?,
            "outcome": row.try_get::<String, _>("outcome")?,
            "details": serde_json::from_str::<Value>(&details)?,
        });
        let mut digest = Sha256::new();
        digest.update(&before);
        digest.update(canonical(&link).as_bytes());
        if digest.finalize().as_slice() != stored {
            faults.push(format!("audit: {this} is not what its hash says"));
        }
        (seq, hash) = (this, stored);
    }
    let head = sqlx::query("SELECT seq, hash FROM audit_head")
        .fetch_one(pool)
        .await?;
    if (
        head.try_get::<i64, _>("seq")?,
        head.try_get::<Vec<u8>, _>("hash")?,
    ) != (seq, hash)
    {
        faults.push("audit: the head is not the last link".to_owned());
    }
    Ok(faults)
}

/// Sorted keys, no white space.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            let parts = fields
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)));
            format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let parts: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", parts.join(","))
        }
        other => other.to_string(),
    }
}
