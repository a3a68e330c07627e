//! Every code that a problem can have, with its status and title. Codes are
//! stable: people write programs against them. docs/API.md lists them.

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($name:ident $code:literal $status:ident $title:literal;)*) => {
        /// A problem's stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $($name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    InvalidJson "invalid_json" BAD_REQUEST "The body is not valid JSON";
    InvalidBody "invalid_body" UNPROCESSABLE_ENTITY "The body is not accepted";
    InvalidQuery "invalid_query" BAD_REQUEST "The query is not accepted";
    InvalidHeader "invalid_header" BAD_REQUEST "A header is not accepted";
    MalformedStoreId "malformed_store_id" BAD_REQUEST "Not a store id";
    MalformedOperationId "malformed_operation_id" BAD_REQUEST "Not an operation id";
    StoreNotFound "store_not_found" NOT_FOUND "No such store";
    OperationNotFound "operation_not_found" NOT_FOUND "No such operation";
    PathNotFound "path_not_found" NOT_FOUND "No such path";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "Method not allowed";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "Unsupported content type";
    PayloadTooLarge "payload_too_large" PAYLOAD_TOO_LARGE "Body too large";
    BodyLost "body_lost" BAD_REQUEST "The body did not arrive";
    BodyTimeout "body_timeout" REQUEST_TIMEOUT "The body did not arrive in time";
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "Idempotency key used before";
    IdempotencyKeyRunning "idempotency_key_running" CONFLICT "Idempotency key in use";
    PreconditionFailed "precondition_failed" PRECONDITION_FAILED "Changed meanwhile";
    OperationOpen "operation_open" CONFLICT "Another operation is open";
    WrongStatus "wrong_status" CONFLICT "Not in this status";
    NothingToRetry "nothing_to_retry" CONFLICT "Nothing to retry";
    NothingToCancel "nothing_to_cancel" CONFLICT "Nothing to cancel";
    NotCancellable "not_cancellable" CONFLICT "Cannot be cancelled";
    NothingToRollBack "nothing_to_roll_back" CONFLICT "Nothing to roll back";
    ChartTooOld "chart_too_old" CONFLICT "Chart too old";
    LoginLinksOff "login_links_off" CONFLICT "No login links";
    NoLoginKey "no_login_key" CONFLICT "Store without the key";
    DeletionProtected "deletion_protected" CONFLICT "Protected from deletion";
    TooManyLabels "too_many_labels" CONFLICT "Too many labels";
    AlreadyReplayed "already_replayed" CONFLICT "Replayed before";
    StillUnusable "still_unusable" CONFLICT "Still not usable";
    MalformedDeadLetterId "malformed_dead_letter_id" BAD_REQUEST "Not a dead letter's id";
    DeadLetterNotFound "dead_letter_not_found" NOT_FOUND "No such dead letter";
    LoginRequired "login_required" UNAUTHORIZED "Login required";
    CredentialsRefused "credentials_refused" UNAUTHORIZED "Credentials refused";
    LoginUnavailable "login_unavailable" SERVICE_UNAVAILABLE "The issuer does not answer";
    RoleMissing "role_missing" FORBIDDEN "Not with this role";
    RateLimited "rate_limited" TOO_MANY_REQUESTS "Too many requests";
    StoreLimit "store_limit" CONFLICT "Store limit reached";
    OperationLimit "operation_limit" TOO_MANY_REQUESTS "Too many operations at once";
    MalformedId "malformed_id" BAD_REQUEST "Not an id";
    KeyNotFound "key_not_found" NOT_FOUND "No such key";
    TenantNotFound "tenant_not_found" NOT_FOUND "No such tenant";
    TenantNameTaken "tenant_name_taken" CONFLICT "Tenant name taken";
    ForbiddenHost "forbidden_host" FORBIDDEN "Host not allowed";
    ForbiddenOrigin "forbidden_origin" FORBIDDEN "Origin not allowed";
    WebhookNotFound "webhook_not_found" NOT_FOUND "No such webhook";
    WebhookLimit "webhook_limit" CONFLICT "Webhook limit reached";
    WebhookDisabled "webhook_disabled" CONFLICT "The webhook is disabled";
    TooManyStreams "too_many_streams" TOO_MANY_REQUESTS "Too many streams";
    StreamsFull "streams_full" SERVICE_UNAVAILABLE "No stream is free";
    ReconciliationRefused "reconciliation_refused" CONFLICT "Adopt or purge refused";
    ClusterSilent "cluster_silent" GATEWAY_TIMEOUT "The cluster does not answer";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "Temporarily unavailable";
    Internal "internal" INTERNAL_SERVER_ERROR "Internal error";
}
