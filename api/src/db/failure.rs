//! What can go wrong with Postgres, sorted by what to do about it.

use sea_orm::{DbErr, RuntimeErr};
use sqlx::Error as Sqlx;

use crate::record::rows::UnreadableRow;

/// Postgres did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// DATABASE_URL is none.
    #[error("DATABASE_URL is not a Postgres URL")]
    Url(#[source] Sqlx),
    /// The tables are not there yet.
    #[error("the database is not reached yet, or its tables are not made yet")]
    NotReady,
    /// No answer within our own bound.
    #[error("the database does not answer in time")]
    TimedOut,
    /// The connection ended during the commit: it may have happened or not.
    #[error("the database was lost during a commit")]
    CommitLost(#[source] DbErr),
    /// A row that this build cannot read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableRow),
    /// A value that cannot be stored.
    #[error("a value cannot be written as JSON")]
    Encode(#[from] serde_json::Error),
    /// Everything else.
    #[error("the database refused or was lost")]
    Driver(#[from] DbErr),
}

impl DbError {
    /// An error of a commit.
    pub fn of_commit(error: DbErr) -> Self {
        let error = Self::Driver(error);
        match error {
            Self::Driver(source) if is_lost(&source) => Self::CommitLost(source),
            other => other,
        }
    }

    /// An error of a statement that was sent past sea-orm.
    pub fn of_query(error: Sqlx) -> Self {
        Self::Driver(DbErr::Query(RuntimeErr::SqlxError(error.into())))
    }

    /// Whether it is the database that is away, so that the same may succeed later.
    pub fn unavailable(&self) -> bool {
        match self {
            Self::NotReady | Self::TimedOut | Self::CommitLost(_) => true,
            Self::Url(_) | Self::Unreadable(_) | Self::Encode(_) => false,
            Self::Driver(source) => {
                is_lost(source) || self.lost_to_another() || is_not_served(source)
            }
        }
    }

    /// Whether it will be the same however often it is tried: the values
    /// themselves are refused.
    pub fn lasting(&self) -> bool {
        match self {
            Self::Unreadable(_) | Self::Encode(_) => true,
            Self::Url(_) | Self::NotReady | Self::TimedOut | Self::CommitLost(_) => false,
            // Data exception, integrity constraint violation.
            Self::Driver(source) => {
                code(source).is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
            }
        }
    }

    /// Whether the connection ended before anything was done.
    pub fn lost(&self) -> bool {
        matches!(self, Self::Driver(source) if is_lost(source) && !is_pool_timeout(source))
    }

    /// Whether another transaction won: serialization failure, deadlock, lock timeout.
    /// Source: PostgreSQL documentation, appendix "PostgreSQL Error Codes".
    pub fn lost_to_another(&self) -> bool {
        let Self::Driver(source) = self else {
            return false;
        };
        code(source).is_some_and(|code| matches!(code.as_str(), "40001" | "40P01" | "55P03"))
    }

    /// The violated constraint's name.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Driver(source) => match sqlx_error(source)? {
                Sqlx::Database(error) => error.constraint(),
                _ => None,
            },
            Self::Url(_)
            | Self::NotReady
            | Self::TimedOut
            | Self::CommitLost(_)
            | Self::Unreadable(_)
            | Self::Encode(_) => None,
        }
    }
}

fn sqlx_error(error: &DbErr) -> Option<&Sqlx> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(source))
        | DbErr::Exec(RuntimeErr::SqlxError(source))
        | DbErr::Query(RuntimeErr::SqlxError(source)) => Some(source),
        _ => None,
    }
}

fn code(error: &DbErr) -> Option<String> {
    match sqlx_error(error)? {
        Sqlx::Database(error) => error.code().map(|code| code.into_owned()),
        _ => None,
    }
}

/// The server answers, but not us, or not now: no such role or database, not
/// accepting connections, too many of them, out of disk, shutting down, cancelled
/// by a timeout, read-only after a fail-over.
fn is_not_served(error: &DbErr) -> bool {
    let starts = ["28", "3D", "53", "55", "57"];
    code(error)
        .is_some_and(|code| starts.iter().any(|start| code.starts_with(start)) || code == "25006")
}

fn is_pool_timeout(error: &DbErr) -> bool {
    matches!(error, DbErr::ConnectionAcquire(_))
        || matches!(sqlx_error(error), Some(Sqlx::PoolTimedOut))
}

fn is_lost(error: &DbErr) -> bool {
    if is_pool_timeout(error) {
        return true;
    }
    match sqlx_error(error) {
        Some(
            Sqlx::Io(_) | Sqlx::Tls(_) | Sqlx::Protocol(_) | Sqlx::PoolClosed | Sqlx::WorkerCrashed,
        ) => true,
        // The server ends its sessions: class 08, and 57P01 to 57P03.
        Some(Sqlx::Database(error)) => error
            .code()
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P0")),
        _ => false,
    }
}
