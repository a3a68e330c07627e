//! `POST /stores/{id}/login-link`: a word, signed for one store, that lets its owner
//! into the shop's admin once, within a minute. The store itself verifies it
//! (`charts/store/files/mu-plugins/urumi-login.php`), and the word is kept nowhere.
//! Who came with it, and who was not let in, the store tells in its log: workers are
//! asked for that soon, and once more when the link holds no longer, and it is audited.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::{DatabaseTransaction, EntityTrait as _};
use serde_json::json;
use shared::contract::observation::Login;
use shared::ids::{StoreId, TenantId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::audit::sign::Signer;
use crate::audit::{self, NewAuditEvent, PLATFORM};
use crate::db::{Database, DbError};
use crate::entity::store;
use crate::idempotency::Answer;
use crate::outbox;
use crate::projector::ledger;
use crate::record::StoreRecord;
use crate::stores::StoreError;
use crate::stores::find;
use crate::stores::legal;
use crate::stores::refusal::Refusal;
use crate::stores::wish::{self, Granted, Wish};

/// How long a link holds.
pub const HOLDS: Duration = Duration::seconds(60);
/// When the store is asked first who came: most follow a link at once.
const SOON: Duration = Duration::seconds(10);
/// What the clocks of platform and node may differ by, and what a login takes.
const SLACK: Duration = Duration::seconds(10);
/// What is signed begins with this, so that no other signature can pass for one.
const PURPOSE: &str = "urumi-login-v1.";
/// Rows that one word of a worker may become.
const MOST: usize = 50;
/// Where the store takes it. What follows the `#` is in no server's log.
const PLACE: &str = "/wp-login.php?action=urumi#";

/// A link that was given.
#[derive(Debug, Clone)]
pub struct Link {
    pub id: Uuid,
    pub url: String,
    pub expires_at: OffsetDateTime,
}

/// Give a link.
///
/// Effect: an audit row with the link's id, and two questions to come who used it;
/// nothing else is kept of it. Repeating it: another link, or, with the same key, the
/// first answer. Fails when: no such store, it does not serve, or it has no key to
/// verify with.
///
/// # Errors
/// [`StoreError`].
pub async fn give(
    db: &Database,
    signer: Option<&Signer>,
    (id, link): (&StoreId, Uuid),
    wish: Wish<'_>,
    answer: impl Fn(&Link) -> Result<Answer, DbError>,
) -> Result<(Granted, Option<Link>), StoreError> {
    let caller = wish.caller;
    let given = std::sync::OnceLock::new();
    let work = async |tx: &DatabaseTransaction| {
        let row = find::locked(tx, caller, id).await?;
        let store = StoreRecord::try_from(&row)?;
        let signer = signer.ok_or(Refusal::LoginLinksOff)?;
        legal::login(&store, &signer.public_key())?;
        let now = OffsetDateTime::now_utc();
        let link = signed(signer, &store, link, now);
        for at in [now + SOON, link.expires_at + SLACK] {
            outbox::enqueue_logins(tx, &store, now - SLACK, at).await?;
        }
        let details = json!({ "link": link.id, "expires_at": link.expires_at.unix_timestamp() });
        let event = wish::event(caller, Some(id), None, "store.login_link.given", details);
        let done = (answer(&link)?, vec![event]);
        let _ = given.set(link);
        Ok(done)
    };
    let refused = |reason| wish::refused(caller, Some(id), "store.login_link.refused", reason);
    let granted = wish::grant(db, wish, work, refused).await?;
    Ok((granted, given.into_inner()))
}

/// Remember who came to a store with links, as its log tells.
///
/// Effect: an audit row for each. Repeating it: nothing, a line's id is remembered.
/// Does nothing about a store that is not on record.
///
/// # Errors
/// The database's.
pub async fn came(tx: &DatabaseTransaction, id: &StoreId, logins: &[Login]) -> Result<(), DbError> {
    let Some(row) = store::Entity::find_by_id(id.as_str()).one(tx).await? else {
        return Ok(());
    };
    let tenant_id = TenantId(row.tenant_id);
    let mut events = Vec::new();
    for login in logins.iter().take(MOST) {
        if !ledger::note_id(tx, login.id.0).await? {
            continue;
        }
        let (action, outcome) = match login.refused {
            None => ("store.login.succeeded", "succeeded"),
            Some(_) => ("store.login.refused", "refused"),
        };
        let at = login.at.unix_timestamp();
        let details =
            json!({ "link": login.link, "reason": login.refused, "at": at, "pod": login.pod });
        events.push(NewAuditEvent {
            tenant_id,
            store_id: Some(id.clone()),
            operation_id: None,
            actor: PLATFORM.to_owned(),
            request_id: None,
            action,
            outcome: outcome.to_owned(),
            details,
        });
    }
    audit::append(tx, &events).await
}

/// The link of that id for that store. Pure but for the key.
fn signed(signer: &Signer, store: &StoreRecord, id: Uuid, now: OffsetDateTime) -> Link {
    let now = now.unix_timestamp();
    let until = now + HOLDS.whole_seconds();
    let claims = json!({ "id": id, "store": store.id, "from": now, "until": until });
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signature = signer.signature(format!("{PURPOSE}{claims}").as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(signature);
    let home = store.spec.url.trim_end_matches('/');
    Link {
        id,
        url: format!("{home}{PLACE}{claims}.{signature}"),
        expires_at: OffsetDateTime::from_unix_timestamp(until)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH),
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
    use base64::engine::general_purpose::STANDARD;
    use secrecy::SecretString;
    use serde_json::Value;

    use super::*;
    use crate::projector::tests::records;

    #[test]
    fn a_link_names_its_store_and_its_minute_and_is_signed_for_this_purpose() {
        let seed: SecretString = STANDARD.encode([7; 32]).into();
        let signer = Signer::of_logins(&seed).unwrap().unwrap();
        let (store, _) = records(shared::operation::OperationKind::Create);
        let now = OffsetDateTime::from_unix_timestamp(1_000).unwrap();
        let link = signed(&signer, &store, Uuid::from_u128(1), now);

        let (place, word) = link.url.split_once('#').unwrap();
        assert_eq!(
            place,
            format!("{}/wp-login.php?action=urumi", store.spec.url)
        );
        let (claims, signature) = word.split_once('.').unwrap();
        let key = STANDARD.decode(signer.public_key()).unwrap();
        let key = UnparsedPublicKey::new(&ED25519, key);
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let message = format!("{PURPOSE}{claims}");
        assert!(key.verify(message.as_bytes(), &signature).is_ok());
        assert!(key.verify(claims.as_bytes(), &signature).is_err());
        let claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let id = Uuid::from_u128(1);
        let expected = json!({ "id": id, "store": store.id, "from": 1_000, "until": 1_060 });
        assert_eq!(claims, expected);
        assert_eq!(link.expires_at.unix_timestamp(), 1_060);
    }
}
