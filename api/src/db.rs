//! Postgres: one small pool, one way to read and one to write. Nothing else
//! opens a connection but `migrate` and the relay's listener.
//!
//! Every wait for it is bounded, so that a request gets its 503 within seconds.

pub mod failure;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqlxPostgresConnector, TransactionTrait as _,
};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;

pub use crate::db::failure::DbError;

/// How long a request waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one use of the database may take in all.
const USE_TIMEOUT: Duration = Duration::from_secs(6);
/// A connection that lay idle for longer is tried before it is used.
const TRUSTED_IDLE: Duration = Duration::from_millis(500);
/// Tries of a transaction that lost to another one.
const MAX_TRIES: u32 = 4;

/// An error that may have come from the database.
pub trait MaybeDatabase: From<DbError> {
    /// The database's part in it.
    fn database(&self) -> Option<&DbError>;
}

impl MaybeDatabase for DbError {
    fn database(&self) -> Option<&DbError> {
        Some(self)
    }
}

/// The pool, and whether its tables are there.
#[derive(Debug, Clone)]
pub struct Database {
    connection: DatabaseConnection,
    pool: PgPool,
    migrated: Arc<AtomicBool>,
}

/// Options of every connection: who asks, and bounds of the server's own.
///
/// # Errors
/// [`DbError::Url`] if the text is no Postgres URL.
pub fn options(url: &SecretString) -> Result<PgConnectOptions, DbError> {
    let options: PgConnectOptions = url.expose_secret().parse().map_err(DbError::Url)?;
    Ok(options
        .application_name("urumi-api")
        .disable_statement_logging())
}

impl Database {
    /// A pool that connects when it is first used.
    ///
    /// # Errors
    /// [`DbError::Url`].
    pub fn lazy(url: &SecretString, connections: u32) -> Result<Self, DbError> {
        let options = options(url)?.options([
            ("statement_timeout", "5s"),
            ("lock_timeout", "4s"),
            ("idle_in_transaction_session_timeout", "15s"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .min_connections(0)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(Duration::from_secs(60))
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        Ok(Self {
            connection: SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone()),
            pool,
            migrated: Arc::default(),
        })
    }

    /// Say that the tables are there.
    pub fn mark_migrated(&self) {
        self.migrated.store(true, Ordering::Release);
    }

    /// Whether the tables are there.
    pub fn is_migrated(&self) -> bool {
        self.migrated.load(Ordering::Acquire)
    }

    /// For a listener of its own.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Ask for nothing, to learn whether anybody answers.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn ping(&self) -> Result<(), DbError> {
        let asking = async { self.connection.ping().await.map_err(DbError::from) };
        timeout(ACQUIRE_TIMEOUT, asking)
            .await
            .unwrap_or(Err(DbError::TimedOut))
    }

    /// Read, without a transaction; a lost connection is tried once more.
    ///
    /// # Errors
    /// The work's own, or [`DbError`] as it.
    pub async fn read<T, E, W>(&self, work: W) -> Result<T, E>
    where
        E: MaybeDatabase,
        W: AsyncFn(&DatabaseConnection) -> Result<T, E>,
    {
        self.need_tables()?;
        let mut tries = 1;
        loop {
            let result = timeout(USE_TIMEOUT, work(&self.connection)).await;
            match result.unwrap_or_else(|_| Err(DbError::TimedOut.into())) {
                Err(error) if tries < 2 && error.database().is_some_and(DbError::lost) => {
                    tries += 1
                }
                settled => return settled,
            }
        }
    }

    /// Do all of it or nothing. It is done again when it lost to another
    /// transaction or its connection ended before the commit.
    ///
    /// # Errors
    /// The work's own, or [`DbError`] as it. After [`DbError::CommitLost`] it may
    /// have happened or not.
    pub async fn transaction<T, E, W>(&self, work: W) -> Result<T, E>
    where
        E: MaybeDatabase,
        W: AsyncFn(&DatabaseTransaction) -> Result<T, E>,
    {
        self.need_tables()?;
        let mut tries = 1;
        loop {
            let result = timeout(USE_TIMEOUT, self.once(&work)).await;
            match result.unwrap_or_else(|_| Err(DbError::TimedOut.into())) {
                Err(error) if tries < MAX_TRIES && error.database().is_some_and(DbError::again) => {
                    tries += 1;
                }
                settled => return settled,
            }
        }
    }

    async fn once<T, E, W>(&self, work: &W) -> Result<T, E>
    where
        E: MaybeDatabase,
        W: AsyncFn(&DatabaseTransaction) -> Result<T, E>,
    {
        let transaction = self.connection.begin().await.map_err(DbError::from)?;
        match work(&transaction).await {
            Ok(value) => {
                transaction.commit().await.map_err(DbError::of_commit)?;
                Ok(value)
            }
            Err(error) => {
                // What the rollback says adds nothing to the error.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    }

    fn need_tables(&self) -> Result<(), DbError> {
        if self.is_migrated() {
            Ok(())
        } else {
            Err(DbError::NotReady)
        }
    }
}
