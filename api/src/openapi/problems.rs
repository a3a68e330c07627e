//! Which problems an operation can be answered with: one line for each code. The
//! contract lists them from here, and tests hold every answer against it. Pure.

use actix_web::http::Method;

use crate::access::Role;
use crate::error::code::Code;
use crate::http::needs::{Need, need};

/// An operation, as far as its problems depend on it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub method: &'a str,
    pub path: &'a str,
    /// It reads a body.
    pub body: bool,
    /// It takes an `Idempotency-Key`.
    pub key: bool,
}

impl Place<'_> {
    fn need(&self) -> Need {
        let method = Method::from_bytes(self.method.as_bytes()).unwrap_or(Method::GET);
        need(&method, Some(self.path))
    }

    /// Whether somebody has to say who they are.
    pub fn asks_who(&self) -> bool {
        self.need() != Need::Nobody
    }

    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    fn posts(&self, deeds: &[&str]) -> bool {
        let deed = self.path.strip_prefix("/stores/{id}/");
        self.method == "POST" && deed.is_some_and(|deed| deeds.contains(&deed))
    }

    /// It changes what a store is to be.
    fn reshapes(&self) -> bool {
        self.is("PATCH", "/stores/{id}")
            || self.posts(&["upgrade", "rollback", "suspend", "resume", "retry"])
    }

    /// It takes an `If-Match`.
    pub fn matches_one(&self) -> bool {
        self.reshapes() || self.is("DELETE", "/stores/{id}") || self.posts(&["cancel"])
    }

    /// It goes on for as long as the client listens.
    fn streams(&self) -> bool {
        self.method == "GET" && self.path.ends_with("/events")
    }

    /// It asks the cluster, by way of a worker.
    pub fn asks_cluster(&self) -> bool {
        self.is("GET", "/stores/{id}/pods") || self.is("GET", "/stores/{id}/logs")
    }

    /// It looks into the database.
    fn asks_database(&self) -> bool {
        !matches!(self.path, "/healthz" | "/readyz" | "/audit/key")
    }

    fn gives(&self, code: Code) -> bool {
        let below = |path: &str| self.path == path || self.path.starts_with(&format!("{path}/"));
        match code {
            Code::InvalidQuery | Code::ForbiddenHost => true,
            Code::ForbiddenOrigin => self.method != "GET",
            Code::InvalidJson
            | Code::InvalidBody
            | Code::UnsupportedMediaType
            | Code::PayloadTooLarge
            | Code::BodyLost
            | Code::BodyTimeout => self.body,
            Code::IdempotencyKeyReused | Code::IdempotencyKeyRunning => self.key,
            Code::InvalidHeader => self.key || self.streams(),
            Code::TooManyStreams | Code::StreamsFull => self.streams(),
            Code::MalformedStoreId | Code::StoreNotFound => below("/stores/{id}"),
            Code::MalformedOperationId | Code::OperationNotFound => below("/operations/{id}"),
            Code::MalformedDeadLetterId
            | Code::DeadLetterNotFound
            | Code::AlreadyReplayed
            | Code::StillUnusable => below("/dead-letters/{id}"),
            Code::MalformedId => {
                below("/keys/{id}") || below("/tenants/{id}") || below("/webhooks/{id}")
            }
            Code::WebhookNotFound => below("/webhooks/{id}"),
            Code::WebhookLimit => self.is("POST", "/webhooks"),
            Code::WebhookDisabled => below("/webhooks/{id}/deliveries/{delivery}"),
            Code::KeyNotFound => below("/keys/{id}"),
            Code::TenantNotFound => below("/tenants/{id}") || self.path == "/keys",
            Code::TenantNameTaken => self.is("POST", "/tenants"),
            Code::ChartTooOld | Code::LoginLinksOff | Code::NoLoginKey => {
                self.posts(&["login-link"])
            }
            Code::PreconditionFailed => self.matches_one(),
            Code::OperationOpen => self.reshapes(),
            Code::WrongStatus => self.reshapes() || self.posts(&["login-link"]),
            Code::NothingToRetry => self.posts(&["retry"]),
            Code::NothingToCancel | Code::NotCancellable => self.posts(&["cancel"]),
            Code::NothingToRollBack => self.posts(&["rollback"]),
            Code::DeletionProtected => {
                self.is("DELETE", "/stores/{id}")
                    || self.posts(&["retry"])
                    || self.is("POST", "/reconciliation/purge")
            }
            Code::TooManyLabels => self.is("PATCH", "/stores/{id}"),
            Code::StoreLimit => self.is("POST", "/stores"),
            Code::OperationLimit => self.is("POST", "/stores") || self.reshapes(),
            Code::ReconciliationRefused => {
                self.method == "POST" && self.path.starts_with("/reconciliation/")
            }
            Code::LoginRequired | Code::LoginUnavailable => self.asks_who(),
            // Who need not say who they are is counted by the address.
            Code::RateLimited => !matches!(self.path, "/healthz" | "/readyz"),
            Code::CredentialsRefused => self.asks_who() || self.is("POST", "/session"),
            Code::RoleMissing => !matches!(self.need(), Need::Nobody | Need::Role(Role::Viewer)),
            Code::ClusterSilent => self.asks_cluster(),
            Code::Unavailable | Code::Internal => self.asks_database(),
            // Of no operation: what is asked for is none.
            Code::PathNotFound | Code::MethodNotAllowed => false,
        }
    }

    /// Its codes, in the order of the table of codes.
    pub fn codes(&self) -> impl Iterator<Item = Code> {
        let codes = Code::ALL.iter().copied();
        codes.filter(|code| self.gives(*code))
    }
}
