//! The first key: made on the machine that has the database's password, because
//! nobody can ask for one over HTTP yet. Nothing else is done past the api here.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use shared::settings::SettingsError;

use crate::access::key::KeyText;
use crate::access::keys::{self, NewKey};
use crate::access::{Role, tenants};
use crate::audit::{self, NewAuditEvent, change};
use crate::db::{Database, DbError};
use crate::migrate::{self, MigrateError};
use crate::settings::DEFAULTS;

/// Who is said to have given it out.
const ACTOR: &str = "console";

/// Where the keys are.
#[derive(Debug, Deserialize)]
pub struct Keyring {
    /// Postgres.
    pub database_url: SecretString,
}

impl Keyring {
    /// From the process's environment.
    ///
    /// # Errors
    /// What is missing or wrong, by its name.
    pub fn load() -> Result<Self, SettingsError> {
        shared::settings::load(DEFAULTS)
    }
}

/// No key was made.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// There is no such role.
    #[error("`{0}` is not a role: use viewer, operator or admin")]
    Role(String),
    /// There is no such tenant.
    #[error("there is no tenant `{0}`: make it with POST /tenants, or leave it out")]
    Tenant(String),
    /// The tables.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database.
    #[error("the key cannot be kept")]
    Database(#[source] crate::server::DbFault),
}

impl From<DbError> for NoKey {
    fn from(error: DbError) -> Self {
        Self::Database(error.into())
    }
}

/// Make a key of a tenant that is there, and give its text.
///
/// # Errors
/// [`NoKey`].
pub async fn key(keyring: &Keyring, tenant: &str, role: &str, name: &str) -> Result<String, NoKey> {
    let role = Role::parse(role).ok_or_else(|| NoKey::Role(role.to_owned()))?;
    migrate::run(&keyring.database_url).await?;
    let db = Database::lazy(&keyring.database_url, 1)?;
    db.mark_migrated();
    let text = KeyText::random();
    let made = db
        .transaction(async |tx| -> Result<bool, DbError> {
            let Some(owner) = tenants::named(tx, tenant).await? else {
                return Ok(false);
            };
            let wanted = NewKey {
                tenant: shared::ids::TenantId(owner.id),
                name: name.chars().take(60).collect(),
                role,
                expires_at: None,
            };
            let row = keys::insert(tx, &text, &wanted, ACTOR).await?;
            let told = keys::told(&row);
            let event = NewAuditEvent {
                tenant_id: wanted.tenant,
                store_id: None,
                operation_id: None,
                actor: ACTOR.to_owned(),
                request_id: None,
                action: "key.created",
                outcome: "accepted".to_owned(),
                details: change::told(&Value::Null, &told, told.clone()),
            };
            audit::append(tx, &[event]).await?;
            Ok(true)
        })
        .await?;
    db.close().await;
    if made {
        Ok(text.expose().to_owned())
    } else {
        Err(NoKey::Tenant(tenant.to_owned()))
    }
}
