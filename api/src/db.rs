//! Postgres: one small pool, one way to read and one to write. Nothing else
//! opens a connection but `migrate` and the relay's listener.
//!
//! Every wait for it is bounded, so that a request gets its 503 within seconds.

pub mod failure;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, IsolationLevel, SqlxPostgresConnector,
    TransactionTrait as _,
};
use secrecy::{ExposeSecret as _, SecretString};
use shared::fault;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

pub use crate::db::failure::DbError;
use crate::metrics::METRICS;

/// How long a request waits for its turn when the database is busy.
pub const QUEUE_TIMEOUT: Duration = Duration::from_secs(8);
/// How long opening a connection may take.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long one use of the database may take in all.
const USE_TIMEOUT: Duration = Duration::from_secs(6);
/// A connection that lay idle for longer is tried before it is used.
const TRUSTED_IDLE: Duration = Duration::from_millis(500);
/// What Postgres is told of its disk, for it sorts a few rows rather than read them in
/// an index's order where it takes that for four times as dear.
pub const PLANNER: (&str, &str) = ("random_page_cost", "1.1");
/// A statement is planned for the table as it is each time. A plan that is kept is one for
/// an outbox that was empty, and reads all of it when fifty thousand rows wait.
const REPLAN: (&str, &str) = ("plan_cache_mode", "force_custom_plan");
/// Each has an index for its rows; reading all of the table is never right, whatever its
/// statistics say.
pub const BY_INDEX: (&str, &str) = ("enable_seqscan", "off");
/// What the relay reads in an order has an index of that order. Of a table that was counted
/// empty, reading any other index and sorting what it gives seems as cheap, and is all of it.
const IN_ORDER: (&str, &str) = ("enable_sort", "off");
/// What the relay's connections are told besides.
pub const FOR_RELAY: [(&str, &str); 4] =
    [("synchronous_commit", "off"), REPLAN, BY_INDEX, IN_ORDER];
/// Tries of a transaction that lost to another one.
const MAX_TRIES: u32 = 4;
/// Tries after a lost connection: when the server restarts, every connection of
/// the pool is dead, and each is found out by its use.
const MAX_TRIES_LOST: u32 = 16;

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

/// A pool, and whether its tables are there.
///
/// Requests have one and the work behind them another: neither starves the
/// other, and a connection never outlives the runtime that it was opened in.
#[derive(Debug, Clone)]
pub struct Database {
    connection: DatabaseConnection,
    pool: PgPool,
    places: Arc<Semaphore>,
    migrated: Arc<AtomicBool>,
    for_requests: bool,
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
    /// Another pool of the same database.
    ///
    /// # Errors
    /// [`DbError::Url`].
    pub fn beside(&self, url: &SecretString, connections: u32) -> Result<Self, DbError> {
        Ok(self.another(options(url)?, connections))
    }

    /// Another pool, for the relay: its statements are planned for the outbox as it is, and
    /// its commits do not wait for the disk. If Postgres falls, what they wrote within its
    /// last 600 ms or so (three times `wal_writer_delay`) may be gone; nothing else is. Only
    /// for what is found out and done again by itself.
    /// Source: PostgreSQL documentation, "Asynchronous Commit".
    ///
    /// # Errors
    /// [`DbError::Url`].
    pub fn for_relay(&self, url: &SecretString, connections: u32) -> Result<Self, DbError> {
        let options = options(url)?.options(FOR_RELAY);
        Ok(self.another(options, connections))
    }

    fn another(&self, options: PgConnectOptions, connections: u32) -> Self {
        Self {
            migrated: Arc::clone(&self.migrated),
            for_requests: false,
            ..Self::with(options, connections)
        }
    }

    /// A pool that connects when it is first used.
    ///
    /// # Errors
    /// [`DbError::Url`].
    pub fn lazy(url: &SecretString, connections: u32) -> Result<Self, DbError> {
        Ok(Self::with(options(url)?, connections))
    }

    fn with(options: PgConnectOptions, connections: u32) -> Self {
        let places = usize::try_from(connections.max(1)).unwrap_or(1);
        let options = options.options([
            ("statement_timeout", "5s"),
            ("lock_timeout", "4s"),
            PLANNER,
            ("idle_in_transaction_session_timeout", "15s"),
        ]);
        let pool = PgPoolOptions::new()
            // One more, for a listener or a probe.
            .max_connections(connections + 1)
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
        Self {
            connection: SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone()),
            pool,
            places: Arc::new(Semaphore::new(places)),
            migrated: Arc::default(),
            for_requests: true,
        }
    }

    /// Connections in use and idle.
    pub fn connections(&self) -> (u32, u32) {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        (self.pool.size().saturating_sub(idle), idle)
    }

    /// Close every connection; whatever still asks is refused.
    pub async fn close(&self) {
        self.pool.close().await;
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

    /// Read, without a transaction; again if the connection was lost.
    ///
    /// # Errors
    /// The work's own, or [`DbError`] as it.
    pub async fn read<T, E, W>(&self, work: W) -> Result<T, E>
    where
        E: MaybeDatabase,
        W: AsyncFn(&DatabaseConnection) -> Result<T, E>,
    {
        let _place = self.enter().await?;
        let mut tries = 1;
        loop {
            let result = timeout(USE_TIMEOUT, work(&self.connection)).await;
            match result.unwrap_or_else(|_| Err(DbError::TimedOut.into())) {
                Err(error) if error.database().is_some_and(|cause| may_try(cause, tries)) => {
                    tries += 1;
                }
                settled => return settled,
            }
        }
    }

    /// Write by single statements, each of which comes to the same if it is done again,
    /// or does no harm then.
    ///
    /// # Errors
    /// The work's own, or [`DbError`] as it.
    pub async fn repeatable<T, E, W>(&self, work: W) -> Result<T, E>
    where
        E: MaybeDatabase,
        W: AsyncFn(&DatabaseConnection) -> Result<T, E>,
    {
        self.read(work).await
    }

    /// Read several things as they were at one moment: what two statements find
    /// outside a snapshot may contradict each other.
    ///
    /// # Errors
    /// The work's own, or [`DbError`] as it.
    pub async fn snapshot<T, E, W>(&self, work: W) -> Result<T, E>
    where
        E: MaybeDatabase,
        W: AsyncFn(&DatabaseTransaction) -> Result<T, E>,
    {
        self.read(async |connection| {
            let level = Some(IsolationLevel::RepeatableRead);
            let read_only = Some(AccessMode::ReadOnly);
            let begun = connection.begin_with_config(level, read_only).await;
            let snapshot = begun.map_err(DbError::from)?;
            let found = work(&snapshot).await;
            // Nothing was written: how it ends adds nothing.
            let _ = snapshot.rollback().await;
            found
        })
        .await
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
        let _place = self.enter().await?;
        let mut tries = 1;
        loop {
            let result = timeout(USE_TIMEOUT, self.once(&work)).await;
            match result.unwrap_or_else(|_| Err(DbError::TimedOut.into())) {
                Err(error) if error.database().is_some_and(|cause| may_try(cause, tries)) => {
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
                self.point("api.request.commit.before");
                transaction.commit().await.map_err(DbError::of_commit)?;
                self.point("api.request.commit.after");
                Ok(value)
            }
            Err(error) => {
                // What the rollback says adds nothing to the error.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    }

    fn point(&self, name: &'static str) {
        if self.for_requests {
            fault::point(name);
        }
    }

    /// A place among those who use the pool. A queue here is a busy database; a
    /// wait for the pool itself is one that does not answer.
    async fn enter(&self) -> Result<SemaphorePermit<'_>, DbError> {
        if !self.is_migrated() {
            return Err(DbError::NotReady);
        }
        let begun = Instant::now();
        let entered = timeout(QUEUE_TIMEOUT, self.places.acquire()).await;
        METRICS.waited(self.for_requests, begun.elapsed());
        match entered {
            Ok(Ok(place)) => Ok(place),
            // It is never closed.
            Ok(Err(_)) | Err(_) => Err(DbError::TimedOut),
        }
    }
}

fn may_try(cause: &DbError, tries: u32) -> bool {
    (cause.lost() && tries < MAX_TRIES_LOST) || (cause.lost_to_another() && tries < MAX_TRIES)
}
