//! The audit as JSON Lines: a row a line, and a last line that counts, hashes and
//! signs what came before it. A file without that line was cut short.

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use shared::ids::TenantId;
use time::format_description::well_known::Rfc3339;

use crate::audit::chain::canonical;
use crate::audit::sign::Signer;
use crate::audit::verify::Place;
use crate::db::DbError;
use crate::entity::audit_event::{Column, Entity, Model};
use crate::record::rows::now;

/// Rows of a batch.
pub const BATCH: u64 = 1_000;

/// Whose rows, and up to which.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// One tenant's; `None` for all.
    pub tenant: Option<TenantId>,
    /// Rows behind this one.
    pub after: i64,
    /// The head when the export began.
    pub head: Place,
}

/// The next rows.
///
/// # Errors
/// The database's.
pub async fn batch<C: ConnectionTrait>(db: &C, range: Range) -> Result<Vec<Model>, DbError> {
    let mut query = Entity::find()
        .filter(Column::Seq.gt(range.after))
        .filter(Column::Seq.lte(range.head.seq));
    if let Some(tenant) = range.tenant {
        query = query.filter(Column::TenantId.eq(tenant.0));
    }
    let query = query.order_by_asc(Column::Seq).limit(BATCH);
    Ok(query.all(db).await?)
}

/// What was written so far.
#[derive(Debug, Clone, Default)]
pub struct Written {
    digest: Sha256,
    rows: u64,
    last: Option<(i64, String)>,
}

impl Written {
    /// A row's line, taken into account.
    pub fn line(&mut self, row: &Value) -> String {
        let line = format!("{row}\n");
        self.digest.update(line.as_bytes());
        self.rows += 1;
        self.last = row["seq"]
            .as_i64()
            .zip(row["hash"].as_str().map(str::to_owned));
        line
    }

    /// The last line. Its signature is over its own canonical JSON without the
    /// signature, which holds the hash of every byte before it.
    pub fn end(self, range: Range, signer: &Signer) -> String {
        let hex =
            |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
        let mut end = json!({
            "kind": "signature",
            "algorithm": "Ed25519",
            "key_id": signer.key_id(),
            "exported_at": now().format(&Rfc3339).unwrap_or_default(),
            "tenant_id": range.tenant,
            "rows": self.rows,
            "last_seq": self.last.as_ref().map(|(seq, _)| seq),
            "last_hash": self.last.as_ref().map(|(_, hash)| hash),
            "head_seq": range.head.seq,
            "head_hash": hex(&range.head.hash),
            "sha256": hex(&self.digest.finalize()),
        });
        end["signature"] = json!(signer.sign(canonical(&end).as_bytes()));
        format!("{end}\n")
    }
}
