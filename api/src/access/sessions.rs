//! Browsers' logins: a random token in a cookie, its SHA-256 here. A session ends
//! when it lay idle, when its time is over, with its key, or by a logout.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt as _;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::access::key::KeyText;
use crate::db::DbError;
use crate::entity::api_key;
use crate::entity::session::{ActiveModel, Column, Entity, Model};
use crate::record::rows::now;
use crate::settings::AccessSettings;

/// How exactly it is known when a session was last used.
const SEEN_STEP: Duration = Duration::minutes(1);

/// A session's secret, for its cookie alone.
pub struct Token(String);

impl Token {
    /// A fresh one.
    pub fn random() -> Self {
        let bytes: [u8; 32] = rand::rng().random();
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The same one for the same key and the same request: a login that is sent again
    /// gives the same cookie, though the cookie is kept nowhere. It tells nobody
    /// anything who does not have the key, which opens as much.
    pub fn again(key: &KeyText, request: &str) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
        let text = format!("urumi session {request}");
        let bytes = hmac::sign(&secret, text.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(bytes.as_ref()))
    }

    /// What a cookie holds.
    pub fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// For the cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

/// Open one for a key.
///
/// # Errors
/// The database's.
pub async fn open<C: ConnectionTrait>(
    db: &C,
    token: &Token,
    key: Uuid,
    settings: &AccessSettings,
) -> Result<(), DbError> {
    let at = now();
    let row = ActiveModel {
        hash: Set(token.hash()),
        api_key_id: Set(key),
        created_at: Set(at),
        last_seen_at: Set(at),
        expires_at: Set(at + Duration::seconds(settings.session_max_seconds)),
    };
    // One that is opened again is as good as new.
    let again = OnConflict::column(Column::Hash)
        .update_columns([Column::CreatedAt, Column::LastSeenAt, Column::ExpiresAt])
        .to_owned();
    let insert = Entity::insert(row).on_conflict(again);
    insert.exec_without_returning(db).await?;
    Ok(())
}

/// The session and its key, if there is one.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(
    db: &C,
    token: &Token,
) -> Result<Option<(Model, api_key::Model)>, DbError> {
    let Some(session) = Entity::find_by_id(token.hash()).one(db).await? else {
        return Ok(None);
    };
    let key = api_key::Entity::find_by_id(session.api_key_id)
        .one(db)
        .await?;
    Ok(key.map(|key| (session, key)))
}

/// Whether it still counts.
pub fn is_open(session: &Model, settings: &AccessSettings, at: OffsetDateTime) -> bool {
    let idle = Duration::seconds(settings.session_idle_seconds);
    at < session.expires_at && at < session.last_seen_at + idle
}

/// Whether its use is worth a write.
pub fn is_news(session: &Model, at: OffsetDateTime) -> bool {
    at - session.last_seen_at > SEEN_STEP
}

/// Remember that it was used.
///
/// # Errors
/// The database's.
pub async fn seen<C: ConnectionTrait>(
    db: &C,
    token: &Token,
    at: OffsetDateTime,
) -> Result<(), DbError> {
    let seen = ActiveModel {
        last_seen_at: Set(at),
        ..Default::default()
    };
    Entity::update_many()
        .set(seen)
        .filter(Column::Hash.eq(token.hash()))
        .exec(db)
        .await?;
    Ok(())
}

/// End it. Repeating it: nothing.
///
/// # Errors
/// The database's.
pub async fn close<C: ConnectionTrait>(db: &C, token: &Token) -> Result<(), DbError> {
    Entity::delete_by_id(token.hash()).exec(db).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Login;

    #[test]
    fn a_session_ends_idle_or_with_its_time() {
        let at = |second| OffsetDateTime::UNIX_EPOCH + Duration::seconds(second);
        let settings = AccessSettings {
            login: Login::Required,
            session_idle_seconds: 10,
            session_max_seconds: 100,
            ..AccessSettings::default()
        };
        for (seen, then, open) in [
            (0, 9, true),
            (0, 10, false),
            (95, 99, true),
            (95, 100, false),
        ] {
            let session = Model {
                hash: Vec::new(),
                api_key_id: Uuid::nil(),
                created_at: at(0),
                last_seen_at: at(seen),
                expires_at: at(100),
            };
            assert_eq!(
                is_open(&session, &settings, at(then)),
                open,
                "{seen} {then}"
            );
        }
    }
}
