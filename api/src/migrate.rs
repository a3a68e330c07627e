//! The embedded migrations, applied under sqlx's advisory lock, so that any
//! number of programs may start at once.

use secrecy::SecretString;
use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::db::{self, DbError};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The tables could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// No connection.
    #[error("cannot connect to the database")]
    Connect(#[source] sqlx::Error),
    /// DATABASE_URL is none.
    #[error(transparent)]
    Url(#[from] DbError),
    /// A migration was refused.
    #[error("a migration failed")]
    Refused(#[from] sqlx::migrate::MigrateError),
}

/// Bring the tables to this build's state; a newer state is left alone.
///
/// Repeating it: changes nothing. Fails when: the database is away, or an
/// applied migration differs from this build's.
///
/// # Errors
/// [`MigrateError`].
pub async fn run(url: &SecretString) -> Result<(), MigrateError> {
    let mut connection = db::options(url)?
        .connect()
        .await
        .map_err(MigrateError::Connect)?;
    let mut migrations = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    // A newer program may have gone before: its tables carry this one too.
    migrations.set_ignore_missing(true);
    migrations.run(&mut connection).await?;
    connection.close().await.map_err(MigrateError::Connect)
}
