//! The embedded migrations, applied under sqlx's advisory lock, so that any
//! number of programs may start at once. Where somebody else applies them, whether
//! they are.

use std::time::{Duration, Instant};

use secrecy::SecretString;
use shared::backoff::Backoff;
use shared::telemetry::chain;
use shared::wait::pause;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio_util::sync::CancellationToken;

use crate::db::{self, DbError};
use crate::settings::Migrations;

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
    /// What is there cannot be told.
    #[error("cannot read which migrations were made")]
    Unreadable(#[source] sqlx::Error),
    /// Somebody else makes them, and has not yet.
    #[error("{0} migrations are still to be made, by `urumi-api migrate`")]
    Awaited(usize),
}

/// Have the tables at this build's state, or say what is missing.
///
/// # Errors
/// [`MigrateError`].
pub async fn prepare(url: &SecretString, migrations: Migrations) -> Result<(), MigrateError> {
    match migrations {
        Migrations::Run => run(url).await,
        Migrations::Await => look(url).await,
    }
}

/// [`run`], with patience for a database that is not there yet.
///
/// # Errors
/// [`MigrateError`].
pub async fn run_within(
    url: &SecretString,
    patience: Duration,
    stop: &CancellationToken,
) -> Result<(), MigrateError> {
    let begun = Instant::now();
    let mut failures = 0;
    loop {
        let error = match run(url).await {
            Err(error @ MigrateError::Connect(_)) if begun.elapsed() < patience => error,
            settled => return settled,
        };
        failures += 1;
        tracing::warn!(error = chain(&error), "waiting for the database");
        if !pause(Backoff::RECONNECT.jittered(failures), stop).await {
            return Err(error);
        }
    }
}

/// Whether all of this build's migrations were made. More of them may have been.
async fn look(url: &SecretString) -> Result<(), MigrateError> {
    let mut connection = connect(url).await?;
    let done = made(&mut connection)
        .await
        .map_err(MigrateError::Unreadable)?;
    let missing = MIGRATIONS.iter().filter(|one| !done.contains(&one.version));
    match missing.count() {
        0 => connection.close().await.map_err(MigrateError::Connect),
        missing => Err(MigrateError::Awaited(missing)),
    }
}

async fn made(connection: &mut PgConnection) -> Result<Vec<i64>, sqlx::Error> {
    let table = "SELECT to_regclass('_sqlx_migrations')::text";
    let table: Option<String> = sqlx::query_scalar(table)
        .fetch_one(&mut *connection)
        .await?;
    if table.is_none() {
        return Ok(Vec::new());
    }
    let made = "SELECT version FROM _sqlx_migrations WHERE success";
    sqlx::query_scalar(made).fetch_all(connection).await
}

async fn connect(url: &SecretString) -> Result<PgConnection, MigrateError> {
    let connecting = db::options(url)?;
    connecting.connect().await.map_err(MigrateError::Connect)
}

/// Bring the tables to this build's state; a newer state is left alone.
///
/// Repeating it: changes nothing. Fails when: the database is away, or an
/// applied migration differs from this build's.
///
/// # Errors
/// [`MigrateError`].
pub async fn run(url: &SecretString) -> Result<(), MigrateError> {
    let mut connection = connect(url).await?;
    let mut migrations = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    // A newer program may have gone before: its tables carry this one too.
    migrations.set_ignore_missing(true);
    migrations.run(&mut connection).await?;
    connection.close().await.map_err(MigrateError::Connect)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_migrations_share_a_number() {
        let numbers: BTreeSet<_> = MIGRATIONS.iter().map(|one| one.version).collect();
        assert_eq!(numbers.len(), MIGRATIONS.iter().count());
    }
}
