//! `/audit/verify`, `/audit/export` and `/audit/key`: that the audit is what was
//! written, for whoever does not want to believe it.

use actix_web::web::{Bytes, Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde::Serialize;
use shared::ids::TenantId;
use utoipa::ToSchema;

use crate::access::Principal;
use crate::audit::export::{self, Range, Written};
use crate::audit::verify::{self, Place};
use crate::db::DbError;
use crate::error::ApiError;
use crate::error::problem::FieldError;
use crate::http::query::Query;
use crate::http::state::AppState;
use crate::routes::audit::{hex, view};
use crate::routes::refusals::OfList;

/// Rows that one call walks over at most.
const MAX_ROWS: u64 = 1_000_000;

/// A place in the chain.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlaceView {
    /// The row's number.
    #[schema(minimum = 0, example = 4711)]
    pub seq: i64,
    /// Its hash, in hex.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
}

impl PlaceView {
    fn of(place: Place) -> Self {
        Self {
            seq: place.seq,
            hash: hex(&place.hash),
        }
    }
}

/// The first row that does not fit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BadRowView {
    /// The row's number.
    pub seq: i64,
    /// What is wrong with it.
    #[schema(example = "the row is not what was written")]
    pub reason: String,
}

/// What a walk along the chain found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VerificationView {
    /// Whether every row that was looked at fits.
    pub valid: bool,
    /// Whether the walk reached the head; if not, go on from `checked_to`.
    pub complete: bool,
    /// Rows that were looked at.
    pub rows: u64,
    /// The first row that does not fit.
    pub first_bad: Option<BadRowView>,
    /// How far everything fits. Keep it elsewhere, and give it as `head_seq` and
    /// `head_hash` next time.
    pub checked_to: PlaceView,
    /// The chain's own head.
    pub head: PlaceView,
}

/// Verify the audit
///
/// Walk along the chain of all tenants' audit and compare every hash. With a head
/// that was kept elsewhere, whatever somebody with the whole database could do to
/// the rows before it is found too.
#[utoipa::path(
    get, path = "/audit/verify", tag = "audit", operation_id = "verifyAudit",
    params(
        ("from_seq" = Option<i64>, Query, minimum = 0, description = "Begin behind this row, which is known to be good; needs `from_hash`."),
        ("from_hash" = Option<String>, Query, pattern = "^[0-9a-f]{64}$", description = "Its hash."),
        ("head_seq" = Option<i64>, Query, minimum = 0, description = "A head that was kept elsewhere, not before `from_seq`; needs `head_hash`."),
        ("head_hash" = Option<String>, Query, pattern = "^[0-9a-f]{64}$", description = "Its hash."),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 1_000_000, description = "Rows at most; 100000 if left out."),
    ),
    responses((status = 200, description = "What was found.", body = VerificationView), OfList),
)]
pub async fn verify(
    request: HttpRequest,
    state: Data<AppState>,
) -> Result<Json<VerificationView>, ApiError> {
    let mut query = Query::of(&request);
    let from = (query.take("from_seq", seq), query.take("from_hash", hash));
    let head = (query.take("head_seq", seq), query.take("head_hash", hash));
    let limit = query.take("limit", |text| match text.parse::<u64>() {
        Ok(limit) if (1..=MAX_ROWS).contains(&limit) => Ok(limit),
        _ => Err(format!("must be a number from 1 to {MAX_ROWS}")),
    });
    query.finish()?;
    let from = both("from", from)?.unwrap_or(Place::START);
    let kept = both("head", head)?;
    if kept.is_some_and(|kept| kept.seq < from.seq) {
        // No row of the walk could be compared with it.
        let detail = "must not lie before `from_seq`";
        return Err(ApiError::InvalidQuery(vec![FieldError::new(
            "/head_seq",
            detail,
        )]));
    }
    let walked = verify::walk(&state.db, from, kept, limit.unwrap_or(100_000)).await?;
    Ok(Json(VerificationView {
        valid: walked.bad.is_none(),
        complete: walked.bad.is_none() && walked.to.seq >= walked.head.seq,
        rows: walked.rows,
        first_bad: walked.bad.map(|bad| BadRowView {
            seq: bad.seq,
            reason: bad.flaw.as_str().to_owned(),
        }),
        checked_to: PlaceView::of(walked.to),
        head: PlaceView::of(walked.head),
    }))
}

fn both(
    which: &str,
    (seq, hash): (Option<i64>, Option<[u8; 32]>),
) -> Result<Option<Place>, ApiError> {
    match (seq, hash) {
        (Some(seq), Some(hash)) => Ok(Some(Place { seq, hash })),
        (None, None) => Ok(None),
        (seq, _) => {
            let missing = if seq.is_none() { "seq" } else { "hash" };
            Err(ApiError::InvalidQuery(vec![FieldError::new(
                format!("/{which}_{missing}"),
                "is needed beside the other one",
            )]))
        }
    }
}

fn seq(text: &str) -> Result<i64, &'static str> {
    let seq = text.parse::<i64>().ok().filter(|seq| *seq >= 0);
    seq.ok_or("must be a row's number")
}

fn hash(text: &str) -> Result<[u8; 32], &'static str> {
    const WRONG: &str = "must be 64 hex digits";
    let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(WRONG);
    let bytes = text.as_bytes();
    if bytes.len() != 64 {
        return Err(WRONG);
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(bytes.chunks_exact(2)) {
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).map_err(|_| WRONG)?;
    }
    Ok(hash)
}

/// Export the audit, signed
///
/// Your audit as JSON Lines, oldest first; for who runs the platform, that of all
/// tenants. The last line signs the others (docs/API.md says how to check it).
#[utoipa::path(
    get, path = "/audit/export", tag = "audit", operation_id = "exportAudit",
    params(("from_seq" = Option<i64>, Query, minimum = 0, description = "Only rows behind this one.")),
    responses(
        (status = 200, description = "A row a line, and a signature.", body = String, content_type = "application/jsonl",
            headers(("Content-Disposition" = String, description = "A file's name.")),
            example = "{\"kind\":\"signature\",\"algorithm\":\"Ed25519\",\"rows\":0}\n"),
        OfList,
    ),
)]
pub async fn export(
    request: HttpRequest,
    state: Data<AppState>,
    principal: Principal,
) -> Result<HttpResponse, ApiError> {
    let mut query = Query::of(&request);
    let after = query.take("from_seq", seq).unwrap_or(0);
    query.finish()?;
    let head = state
        .db
        .read(async |db| -> Result<_, DbError> { verify::head(db).await })
        .await?;
    let mine: Option<TenantId> = (!principal.runs_platform()).then_some(principal.tenant);
    let range = Range {
        tenant: mine,
        after,
        head,
    };
    let begun = Some((state, range, Written::default()));
    let lines = stream::try_unfold(begun, |at| async move {
        let Some((state, range, mut written)) = at else {
            return Ok(None);
        };
        let rows = state
            .db
            .read(async |db| export::batch(db, range).await)
            .await?;
        let Some(last) = rows.last().map(|row| row.seq) else {
            let end = written.end(range, &state.signer);
            return Ok::<_, DbError>(Some((Bytes::from(end), None)));
        };
        let mut text = String::new();
        for row in rows {
            let row = serde_json::to_value(view(row)).map_err(DbError::from)?;
            text.push_str(&written.line(&row));
        }
        let range = Range {
            after: last,
            ..range
        };
        Ok(Some((Bytes::from(text), Some((state, range, written)))))
    });
    Ok(HttpResponse::Ok()
        .content_type("application/jsonl")
        .insert_header((
            "Content-Disposition",
            "attachment; filename=\"audit.jsonl\"",
        ))
        .streaming(lines))
}

/// The key that signs exports.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SigningKeyView {
    /// Always `Ed25519`.
    pub algorithm: &'static str,
    /// What the key is known by.
    #[schema(example = "5f2b8c1de0a94736")]
    pub key_id: String,
    /// Its 32 bytes, in base64.
    pub public_key: String,
    /// The same in PEM, as `openssl` reads it.
    pub pem: String,
    /// Whether the server keeps this key when it is started again.
    pub lasting: bool,
}

/// Show the signing key
///
/// The public key that exports of the audit are checked with.
#[utoipa::path(
    get, path = "/audit/key", tag = "audit", operation_id = "getAuditKey",
    responses(
        (status = 200, description = "The key.", body = SigningKeyView),
        (status = 400, description = "An unknown parameter.", body = crate::error::problem::Problem, content_type = "application/problem+json"),
        (status = 403, description = "Host not allowed.", body = crate::error::problem::Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn key(
    request: HttpRequest,
    state: Data<AppState>,
) -> Result<Json<SigningKeyView>, ApiError> {
    Query::of(&request).finish()?;
    let signer = &state.signer;
    Ok(Json(SigningKeyView {
        algorithm: "Ed25519",
        key_id: signer.key_id(),
        public_key: signer.public_key(),
        pem: signer.public_key_pem(),
        lasting: signer.lasting,
    }))
}
