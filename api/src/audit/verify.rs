//! Walks the chain and names the first row that does not fit. The rule is pure;
//! reading goes in batches, each bounded in time.

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Statement,
};

use crate::audit::chain::Link;
use crate::db::{Database, DbError};
use crate::entity::audit_event::{Column, Entity, Model};

/// Rows of a batch.
const BATCH: u64 = 2_000;

/// A place in the chain: a row's number and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub seq: i64,
    pub hash: [u8; 32],
}

impl Place {
    /// Before the first row.
    pub const START: Self = Self {
        seq: 0,
        hash: [0; 32],
    };
}

/// What does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A row is missing, or one was put in.
    Missing,
    /// It does not name the hash of the row before it.
    Unlinked,
    /// Its content is not what was hashed.
    Changed,
    /// The chain ends before its own head, or before the head that was kept.
    Ends,
    /// It is not the head that was kept, or not the chain's own.
    OtherHead,
}

impl Flaw {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "a row is missing here, or one was put in",
            Self::Unlinked => "the row does not follow the one before it",
            Self::Changed => "the row is not what was written",
            Self::Ends => "the audit ends before its head",
            Self::OtherHead => "the row is not the head that is known",
        }
    }
}

/// The first row that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bad {
    pub seq: i64,
    pub flaw: Flaw,
}

/// What a walk found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// Rows that were looked at.
    pub rows: u64,
    /// How far everything fits.
    pub to: Place,
    /// The chain's own head at the walk's begin.
    pub head: Place,
    pub bad: Option<Bad>,
}

/// The next place of the chain, if the row fits behind this one. Pure.
fn step(place: Place, row: &Model) -> Result<Place, Bad> {
    let wrong = |seq, flaw| Err(Bad { seq, flaw });
    let seq = place.seq + 1;
    if row.seq != seq {
        return wrong(seq, Flaw::Missing);
    }
    if row.prev_hash != place.hash {
        return wrong(seq, Flaw::Unlinked);
    }
    let hash = link(row).hash(&place.hash);
    if row.hash != hash {
        return wrong(seq, Flaw::Changed);
    }
    Ok(Place { seq, hash })
}

fn link(row: &Model) -> Link {
    Link {
        seq: row.seq,
        id: row.id,
        at: row.at,
        tenant_id: row.tenant_id,
        store_id: row.store_id.clone(),
        operation_id: row.operation_id,
        actor: row.actor.clone(),
        request_id: row.request_id,
        action: row.action.clone(),
        outcome: row.outcome.clone(),
        details: row.details.clone(),
    }
}

/// Walk from a place that is known to be good, over at most `limit` rows. `kept`
/// is a head that was noted elsewhere: whoever can rewrite the whole database
/// cannot rewrite that one.
///
/// # Errors
/// The database's.
pub async fn walk(
    db: &Database,
    from: Place,
    kept: Option<Place>,
    limit: u64,
) -> Result<Walked, DbError> {
    let head = db.read(async |db| head(db).await).await?;
    let mut walked = Walked {
        rows: 0,
        to: from,
        head,
        bad: None,
    };
    if is_other(kept, from) {
        let (seq, flaw) = (from.seq, Flaw::OtherHead);
        walked.bad = Some(Bad { seq, flaw });
        return Ok(walked);
    }
    while walked.rows < limit && walked.to.seq < head.seq {
        let (after, take) = (walked.to.seq, BATCH.min(limit - walked.rows));
        let rows = db
            .read(async |db| batch(db, after, head.seq, take).await)
            .await?;
        if rows.is_empty() {
            let seq = after + 1;
            walked.bad = Some(Bad {
                seq,
                flaw: Flaw::Ends,
            });
            return Ok(walked);
        }
        for row in &rows {
            walked.rows += 1;
            match step(walked.to, row) {
                Ok(place) if is_other(kept, place) || is_other(Some(head), place) => {
                    let (seq, flaw) = (place.seq, Flaw::OtherHead);
                    walked.bad = Some(Bad { seq, flaw });
                    return Ok(walked);
                }
                Ok(place) => walked.to = place,
                Err(bad) => {
                    walked.bad = Some(bad);
                    return Ok(walked);
                }
            }
        }
    }
    walked.bad = end(db, &walked, kept).await?;
    Ok(walked)
}

fn is_other(known: Option<Place>, place: Place) -> bool {
    known.is_some_and(|known| known.seq == place.seq && known.hash != place.hash)
}

/// What is wrong with how the chain ends, where all of it was walked.
async fn end(db: &Database, walked: &Walked, kept: Option<Place>) -> Result<Option<Bad>, DbError> {
    let at = walked.to;
    if at.seq < walked.head.seq {
        return Ok(None);
    }
    if is_other(kept, at) || is_other(Some(walked.head), at) {
        let (seq, flaw) = (at.seq, Flaw::OtherHead);
        return Ok(Some(Bad { seq, flaw }));
    }
    if at.seq > walked.head.seq || kept.is_some_and(|kept| kept.seq > at.seq) {
        let (seq, flaw) = (walked.head.seq + 1, Flaw::Ends);
        return Ok(Some(Bad { seq, flaw }));
    }
    // Rows behind the head, of which no transaction knows.
    let now = db.read(async |db| head(db).await).await?;
    let more = db
        .read(async |db| batch(db, now.seq, i64::MAX, 1).await)
        .await?;
    // The head may have moved between the two looks.
    let then = db.read(async |db| head(db).await).await?;
    let extra = more.first().filter(|row| row.seq > then.seq);
    Ok(extra.map(|row| Bad {
        seq: row.seq,
        flaw: Flaw::OtherHead,
    }))
}

async fn batch<C: ConnectionTrait>(
    db: &C,
    after: i64,
    to: i64,
    limit: u64,
) -> Result<Vec<Model>, DbError> {
    Ok(Entity::find()
        .filter(Column::Seq.gt(after))
        .filter(Column::Seq.lte(to))
        .order_by_asc(Column::Seq)
        .limit(limit)
        .all(db)
        .await?)
}

/// The chain's own head.
///
/// # Errors
/// The database's.
pub async fn head<C: ConnectionTrait>(db: &C) -> Result<Place, DbError> {
    const HEAD: &str = "SELECT seq, hash FROM audit_head";
    let statement = Statement::from_string(DbBackend::Postgres, HEAD);
    let row = db
        .query_one_raw(statement)
        .await?
        .ok_or(DbError::NotReady)?;
    let hash: Vec<u8> = row.try_get("", "hash")?;
    Ok(Place {
        seq: row.try_get("", "seq")?,
        hash: hash.try_into().unwrap_or_default(),
    })
}
