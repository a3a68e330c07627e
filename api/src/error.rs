//! What a request can be answered with when it is not granted. The only place
//! that turns errors into HTTP.

pub mod code;
pub mod problem;

use actix_web::http::Method;
use shared::ids::{InvalidStoreId, StoreId};
use uuid::Uuid;

use crate::access::Role;
use crate::db::DbError;
use crate::error::code::Code;
use crate::error::problem::FieldError;
use crate::http::needs::Need;
use crate::stores::StoreError;
use crate::stores::refusal::Refusal;

/// A refusal.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is no JSON.
    #[error("the body is not valid JSON: {0}")]
    InvalidJson(String),
    /// The body is JSON, but not what is wanted.
    #[error("the body was understood, but not accepted")]
    InvalidBody(Vec<FieldError>),
    /// The query is not what is wanted.
    #[error("the query was not accepted")]
    InvalidQuery(Vec<FieldError>),
    /// A header is not what is wanted.
    #[error("a header was not accepted")]
    InvalidHeader(Vec<FieldError>),
    /// The path holds a text that is no store id.
    #[error(transparent)]
    MalformedStoreId(#[from] InvalidStoreId),
    /// The path holds a text that is no operation id.
    #[error("`{0}` is not an operation id: expected a UUID")]
    MalformedOperationId(String),
    /// No such store for this caller.
    #[error("there is no store `{0}`")]
    StoreNotFound(StoreId),
    /// No such operation for this caller.
    #[error("there is no operation `{0}`")]
    OperationNotFound(String),
    /// The path holds a text that is no dead letter's id.
    #[error("`{0}` is not a dead letter's id: expected a UUID")]
    MalformedDeadLetterId(String),
    /// No such dead letter.
    #[error("there is no dead letter `{0}`")]
    DeadLetterNotFound(Uuid),
    /// No such path.
    #[error("there is nothing at `{0}`")]
    PathNotFound(String),
    /// The path exists, the method does not.
    #[error("`{method}` is not allowed here, use {}", list(allowed))]
    MethodNotAllowed {
        /// What was tried.
        method: Method,
        /// What is there.
        allowed: &'static [Method],
    },
    /// A body of another type.
    #[error("the body must be JSON, but its content type is {0}")]
    UnsupportedMediaType(String),
    /// A body that is too large.
    #[error("the body may have at most {0} bytes")]
    PayloadTooLarge(usize),
    /// The body did not arrive.
    #[error("the body did not arrive in whole")]
    BodyLost(#[source] actix_web::error::PayloadError),
    /// The body did not arrive in time.
    #[error("the body did not arrive within {} s", .0.as_secs_f32())]
    BodyTimeout(std::time::Duration),
    /// The Idempotency-Key came with another request.
    #[error("this Idempotency-Key was used for another request")]
    IdempotencyKeyReused,
    /// The request that the Idempotency-Key came with is being answered.
    #[error("the first request with this Idempotency-Key is still being answered")]
    IdempotencyKeyRunning,
    /// `If-Match` names another state of it.
    #[error("it has changed since the ETag in `If-Match` was given")]
    PreconditionFailed,
    /// Not while the store stands so.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody said who they are.
    #[error("this needs a login")]
    LoginRequired,
    /// Somebody said who they are, and it is not so, or no more.
    #[error("the credentials are not accepted: {0}")]
    CredentialsRefused(String),
    /// Whether a token is to be believed cannot be found out at the moment.
    #[error("your token cannot be checked: its issuer does not say its keys at the moment")]
    LoginUnavailable,
    /// Known, but not allowed.
    #[error("your role is `{}`, and this needs `{}`", has.as_str(), needs.as_str())]
    RoleMissing {
        /// The principal's.
        has: Role,
        /// What would do.
        needs: Need,
    },
    /// More requests of one principal than are allowed.
    #[error("too many requests: the next one is answered in {}", seconds(*retry_after))]
    RateLimited {
        /// Whole seconds.
        retry_after: u64,
    },
    /// More streams of one caller than are allowed.
    #[error("you watch {limit} streams at once already")]
    TooManyStreams {
        /// At most.
        limit: usize,
    },
    /// More streams than this process may hold.
    #[error("this server holds {limit} streams already, which is all it may")]
    StreamsFull {
        /// At most.
        limit: usize,
    },
    /// The path holds a text that is no id of that kind.
    #[error("`{0}` is not an id: expected a UUID")]
    MalformedId(String),
    /// No such key of this tenant.
    #[error("there is no key `{0}`")]
    KeyNotFound(Uuid),
    /// No such webhook of this tenant, or message of it.
    #[error("there is no webhook or message `{0}`")]
    WebhookNotFound(Uuid),
    /// No such tenant for this caller.
    #[error("there is no tenant `{0}`")]
    TenantNotFound(Uuid),
    /// Names of tenants are unique.
    #[error("another tenant has the name `{0}`")]
    TenantNameTaken(String),
    /// The Host header names somebody else.
    #[error("this server does not answer for the host `{0}`")]
    ForbiddenHost(String),
    /// A page of another origin tries to change something.
    #[error("the page at `{0}` may not change anything here")]
    ForbiddenOrigin(String),
    /// Adopt or purge on unsure ground, or too far.
    #[error(transparent)]
    ReconciliationRefused(crate::reconciliation::guard::Refusal),
    /// What only the cluster can say was not said in time.
    #[error("the cluster does not answer at the moment")]
    ClusterSilent(#[source] crate::stores::inside::Silence),
    /// The database is away.
    #[error("the database does not answer at the moment")]
    Unavailable(#[source] DbError),
    /// A fault of the platform.
    #[error("something went wrong on our side")]
    Internal(#[source] DbError),
}

impl ApiError {
    /// The stable code, which also gives status and title.
    pub fn code(&self) -> Code {
        match self {
            Self::InvalidJson(_) => Code::InvalidJson,
            Self::InvalidBody(_) => Code::InvalidBody,
            Self::InvalidQuery(_) => Code::InvalidQuery,
            Self::InvalidHeader(_) => Code::InvalidHeader,
            Self::MalformedStoreId(_) => Code::MalformedStoreId,
            Self::MalformedOperationId(_) => Code::MalformedOperationId,
            Self::StoreNotFound(_) => Code::StoreNotFound,
            Self::OperationNotFound(_) => Code::OperationNotFound,
            Self::MalformedDeadLetterId(_) => Code::MalformedDeadLetterId,
            Self::DeadLetterNotFound(_) => Code::DeadLetterNotFound,
            Self::PathNotFound(_) => Code::PathNotFound,
            Self::MethodNotAllowed { .. } => Code::MethodNotAllowed,
            Self::UnsupportedMediaType(_) => Code::UnsupportedMediaType,
            Self::PayloadTooLarge(_) => Code::PayloadTooLarge,
            Self::BodyLost(_) => Code::BodyLost,
            Self::BodyTimeout(_) => Code::BodyTimeout,
            Self::IdempotencyKeyReused => Code::IdempotencyKeyReused,
            Self::IdempotencyKeyRunning => Code::IdempotencyKeyRunning,
            Self::PreconditionFailed => Code::PreconditionFailed,
            Self::Refused(refusal) => match refusal {
                Refusal::OperationOpen { .. } => Code::OperationOpen,
                Refusal::WrongStatus { .. } => Code::WrongStatus,
                Refusal::NothingToRetry { .. } => Code::NothingToRetry,
                Refusal::NothingToCancel { .. } => Code::NothingToCancel,
                Refusal::NotCancellable { .. } => Code::NotCancellable,
                Refusal::StoreLimit { .. } => Code::StoreLimit,
                Refusal::OperationLimit { .. } => Code::OperationLimit,
                Refusal::NothingToRollBack { .. } => Code::NothingToRollBack,
                Refusal::ChartTooOld { .. } => Code::ChartTooOld,
                Refusal::LoginLinksOff => Code::LoginLinksOff,
                Refusal::NoLoginKey { .. } => Code::NoLoginKey,
                Refusal::Protected { .. } => Code::DeletionProtected,
                Refusal::TooManyLabels { .. } => Code::TooManyLabels,
                Refusal::WebhookLimit => Code::WebhookLimit,
                Refusal::WebhookDisabled { .. } => Code::WebhookDisabled,
                Refusal::AlreadyReplayed { .. } => Code::AlreadyReplayed,
                Refusal::StillUnusable { .. } => Code::StillUnusable,
            },
            Self::LoginRequired => Code::LoginRequired,
            Self::CredentialsRefused(_) => Code::CredentialsRefused,
            Self::LoginUnavailable => Code::LoginUnavailable,
            Self::RoleMissing { .. } => Code::RoleMissing,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::TooManyStreams { .. } => Code::TooManyStreams,
            Self::StreamsFull { .. } => Code::StreamsFull,
            Self::MalformedId(_) => Code::MalformedId,
            Self::KeyNotFound(_) => Code::KeyNotFound,
            Self::WebhookNotFound(_) => Code::WebhookNotFound,
            Self::TenantNotFound(_) => Code::TenantNotFound,
            Self::TenantNameTaken(_) => Code::TenantNameTaken,
            Self::ForbiddenHost(_) => Code::ForbiddenHost,
            Self::ForbiddenOrigin(_) => Code::ForbiddenOrigin,
            Self::ReconciliationRefused(_) => Code::ReconciliationRefused,
            Self::ClusterSilent(_) => Code::ClusterSilent,
            Self::Unavailable(_) => Code::Unavailable,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// What to do about it, where the sentence alone does not say.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::StoreNotFound(_) => Some("List your stores with GET /stores.".to_owned()),
            Self::OperationNotFound(_) => {
                Some("The operations of a store are shown by GET /stores/{id}.".to_owned())
            }
            Self::DeadLetterNotFound(_) => Some("List them with GET /dead-letters.".to_owned()),
            Self::PathNotFound(_) => Some("The paths are listed at /docs.".to_owned()),
            Self::UnsupportedMediaType(_) => {
                Some("Send `Content-Type: application/json`.".to_owned())
            }
            Self::IdempotencyKeyRunning => {
                Some("Send it again in a moment; its answer comes then.".to_owned())
            }
            Self::IdempotencyKeyReused => Some("Use a new key for a new request.".to_owned()),
            Self::PreconditionFailed => {
                Some("Nothing was done. Read it again, and send its new ETag.".to_owned())
            }
            Self::Refused(refusal) => Some(refusal.advice()),
            Self::LoginRequired => {
                Some("Send an API key as `Authorization: Bearer urumi_…`, or log in.".to_owned())
            }
            Self::CredentialsRefused(_) => {
                Some("Use another one, or ask an admin of your tenant for a key.".to_owned())
            }
            Self::LoginUnavailable => {
                Some("Try again in a few seconds, or use an API key.".to_owned())
            }
            Self::RoleMissing { .. } => {
                Some("Ask an admin of your tenant for that role.".to_owned())
            }
            Self::RateLimited { .. } => Some("Wait as long as `Retry-After` says.".to_owned()),
            Self::TooManyStreams { .. } => {
                Some("End one of them, or watch all stores in one stream.".to_owned())
            }
            Self::StreamsFull { .. } => Some("Try again in a few seconds.".to_owned()),
            Self::KeyNotFound(_) => Some("List your keys with GET /keys.".to_owned()),
            Self::WebhookNotFound(_) => Some("List yours with GET /webhooks.".to_owned()),
            Self::TenantNotFound(_) => Some("List them with GET /tenants.".to_owned()),
            Self::TenantNameTaken(_) => Some("Choose another name.".to_owned()),
            Self::ForbiddenHost(_) => Some(
                "Use localhost or 127.0.0.1, or name the host in URUMI_ALLOWED_HOSTS.".to_owned(),
            ),
            Self::ForbiddenOrigin(_) => {
                Some("Send the request from the dashboard itself, or without a browser.".to_owned())
            }
            Self::ClusterSilent(_) => {
                Some("The store is not touched by that; ask again in a few seconds.".to_owned())
            }
            Self::Unavailable(_) => Some("Nothing is lost; try again in a few seconds.".to_owned()),
            Self::Internal(_) => Some("Give the operator the request id.".to_owned()),
            Self::BodyLost(_) | Self::BodyTimeout(_) => Some("Send the request again.".to_owned()),
            Self::ReconciliationRefused(_) => Some("Nothing was done.".to_owned()),
            Self::InvalidJson(_)
            | Self::InvalidBody(_)
            | Self::InvalidQuery(_)
            | Self::InvalidHeader(_)
            | Self::MalformedStoreId(_)
            | Self::MalformedOperationId(_)
            | Self::MalformedDeadLetterId(_)
            | Self::MalformedId(_)
            | Self::MethodNotAllowed { .. }
            | Self::PayloadTooLarge(_) => None,
        }
    }

    /// The fields that were refused.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::InvalidBody(fields)
            | Self::InvalidQuery(fields)
            | Self::InvalidHeader(fields) => fields,
            _ => &[],
        }
    }

    /// What can go wrong with a list: only the database.
    pub fn of_list(error: StoreError) -> Self {
        Self::unless_missing(error, || Self::PathNotFound("this list".to_owned()))
    }

    /// A use case's refusal about something that is named otherwise.
    pub fn unless_missing(error: StoreError, missing: impl FnOnce() -> Self) -> Self {
        match error {
            StoreError::NotFound => missing(),
            StoreError::KeyReused => Self::IdempotencyKeyReused,
            StoreError::KeyRunning => Self::IdempotencyKeyRunning,
            StoreError::Stale => Self::PreconditionFailed,
            StoreError::Unsure(refusal) => Self::ReconciliationRefused(refusal),
            StoreError::Refused(refusal) => Self::Refused(refusal),
            StoreError::Database(error) => Self::from(error),
        }
    }

    /// A use case's refusal about a store.
    pub fn about(store: &StoreId, error: StoreError) -> Self {
        Self::unless_missing(error, || Self::StoreNotFound(store.clone()))
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        if error.unavailable() {
            Self::Unavailable(error)
        } else {
            Self::Internal(error)
        }
    }
}

fn list(methods: &[Method]) -> String {
    let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    names.join(", ")
}

fn seconds(count: u64) -> String {
    if count == 1 {
        "1 second".to_owned()
    } else {
        format!("{count} seconds")
    }
}
