//! An example for each problem, in the words of the program itself. Pure.

use std::time::Duration;

use actix_web::error::PayloadError;
use serde_json::{Value, json};
use shared::amqp::AskError;
use shared::ids::{OperationId, RequestId, StoreId};
use shared::operation::{OperationKind, OperationStatus};
use shared::store_status::StoreStatus;
use uuid::{Uuid, uuid};

use crate::access::Role;
use crate::db::DbError;
use crate::error::ApiError;
use crate::error::code::Code;
use crate::error::problem::{FieldError, Problem};
use crate::http::json::MAX_BODY;
use crate::http::needs::Need;
use crate::reconciliation::guard;
use crate::stores::inside::Silence;
use crate::stores::refusal::Refusal;

/// An identity for examples.
pub const ID: Uuid = uuid!("01a20997-9d2d-77ab-bb7c-ac19d4fcd2e0");
/// A store's, for examples.
pub const STORE: &str = "store-k7q2mx";

/// The problem of that code, as it could be answered.
pub fn problem(code: Code) -> Value {
    STORE
        .parse()
        .map(|store| json!(Problem::new(&sample(code, store), Some(RequestId(ID)))))
        .unwrap_or_default()
}

fn sample(code: Code, store: StoreId) -> ApiError {
    let fields = |pointer: &str, detail: &str| vec![FieldError::new(pointer, detail)];
    match code {
        Code::InvalidJson => ApiError::InvalidJson("EOF while parsing at line 1 column 9".into()),
        Code::InvalidBody => {
            ApiError::InvalidBody(fields("/name", "must have at most 60 characters, has 61"))
        }
        Code::InvalidQuery => ApiError::InvalidQuery(fields(
            "/limt",
            "is not a known parameter; known are `limit`",
        )),
        Code::InvalidHeader => ApiError::InvalidHeader(fields(
            "Idempotency-Key",
            "must be one text of 1 to 255 visible ASCII characters",
        )),
        Code::MalformedStoreId => {
            ApiError::MalformedStoreId(shared::ids::InvalidStoreId("shop".into()))
        }
        Code::MalformedOperationId => ApiError::MalformedOperationId("4711".into()),
        Code::MalformedDeadLetterId => ApiError::MalformedDeadLetterId("4711".into()),
        Code::MalformedId => ApiError::MalformedId("4711".into()),
        Code::StoreNotFound => ApiError::StoreNotFound(store),
        Code::OperationNotFound => ApiError::OperationNotFound(ID.to_string()),
        Code::DeadLetterNotFound => ApiError::DeadLetterNotFound(ID),
        Code::KeyNotFound => ApiError::KeyNotFound(ID),
        Code::TenantNotFound => ApiError::TenantNotFound(ID),
        Code::ChartTooOld => ApiError::Refused(Refusal::ChartTooOld {
            store,
            chart: "0.1.0".into(),
            needs: "0.2.0",
        }),
        Code::LoginLinksOff => ApiError::Refused(Refusal::LoginLinksOff),
        Code::NoLoginKey => ApiError::Refused(Refusal::NoLoginKey { store }),
        Code::PreconditionFailed => ApiError::PreconditionFailed,
        Code::TenantNameTaken => ApiError::TenantNameTaken("acme".into()),
        Code::PathNotFound => ApiError::PathNotFound("/shops".into()),
        Code::MethodNotAllowed => ApiError::MethodNotAllowed {
            method: actix_web::http::Method::PUT,
            allowed: &[actix_web::http::Method::GET],
        },
        Code::UnsupportedMediaType => ApiError::UnsupportedMediaType("`text/plain`".into()),
        Code::PayloadTooLarge => ApiError::PayloadTooLarge(MAX_BODY),
        Code::BodyLost => ApiError::BodyLost(PayloadError::Incomplete(None)),
        Code::BodyTimeout => ApiError::BodyTimeout(Duration::from_secs(10)),
        Code::IdempotencyKeyReused => ApiError::IdempotencyKeyReused,
        Code::IdempotencyKeyRunning => ApiError::IdempotencyKeyRunning,
        Code::LoginRequired => ApiError::LoginRequired,
        Code::CredentialsRefused => ApiError::CredentialsRefused("the key was revoked".into()),
        Code::LoginUnavailable => ApiError::LoginUnavailable,
        Code::RoleMissing => ApiError::RoleMissing {
            has: Role::Viewer,
            needs: Need::Role(Role::Operator),
        },
        Code::RateLimited => ApiError::RateLimited { retry_after: 1 },
        Code::WebhookNotFound => ApiError::WebhookNotFound(ID),
        Code::WebhookLimit => ApiError::Refused(Refusal::WebhookLimit),
        Code::WebhookDisabled => ApiError::Refused(Refusal::WebhookDisabled { webhook: ID }),
        Code::TooManyStreams => ApiError::TooManyStreams { limit: 20 },
        Code::StreamsFull => ApiError::StreamsFull { limit: 500 },
        Code::ForbiddenHost => ApiError::ForbiddenHost("shop.example.com".into()),
        Code::ForbiddenOrigin => ApiError::ForbiddenOrigin("https://shop.example.com".into()),
        Code::ReconciliationRefused => ApiError::ReconciliationRefused(guard::Refusal::NoInventory),
        Code::ClusterSilent => {
            ApiError::ClusterSilent(Silence::Asked(AskError::Silent(Duration::from_secs(5))))
        }
        Code::Unavailable => ApiError::Unavailable(DbError::TimedOut),
        Code::Internal => ApiError::Internal(DbError::TimedOut),
        Code::OperationOpen => ApiError::Refused(Refusal::OperationOpen {
            store,
            operation: OperationId(ID),
            kind: OperationKind::Update,
            status: OperationStatus::Running,
        }),
        Code::WrongStatus => ApiError::Refused(Refusal::WrongStatus {
            store,
            status: StoreStatus::Deleting,
        }),
        Code::NothingToRetry => ApiError::Refused(Refusal::NothingToRetry {
            store,
            kind: OperationKind::Update,
        }),
        Code::NothingToCancel => ApiError::Refused(Refusal::NothingToCancel {
            store,
            kind: OperationKind::Update,
            status: OperationStatus::Succeeded,
        }),
        Code::NotCancellable => ApiError::Refused(Refusal::NotCancellable {
            store,
            kind: OperationKind::Delete,
        }),
        Code::NothingToRollBack => ApiError::Refused(Refusal::NothingToRollBack { store }),
        Code::DeletionProtected => ApiError::Refused(Refusal::Protected { store }),
        Code::TooManyLabels => ApiError::Refused(Refusal::TooManyLabels { store }),
        Code::AlreadyReplayed => ApiError::Refused(Refusal::AlreadyReplayed { message: ID }),
        Code::StillUnusable => ApiError::Refused(Refusal::StillUnusable {
            reason: "unknown variant `Paused`".into(),
        }),
        Code::StoreLimit => ApiError::Refused(Refusal::StoreLimit {
            taken: 10,
            limit: 10,
        }),
        Code::OperationLimit => ApiError::Refused(Refusal::OperationLimit {
            taken: 20,
            limit: 20,
        }),
    }
}
