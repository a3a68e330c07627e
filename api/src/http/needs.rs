//! Which request needs which role, in one table. What is not in it needs an
//! admin, so that a forgotten path stays shut. Pure.

use actix_web::http::Method;

use crate::access::{Principal, Role};

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it tells nothing of anybody.
    Nobody,
    /// A principal of at least that role; it sees its own tenant alone.
    Role(Role),
    /// An admin of the platform's own tenant.
    Platform,
}

impl Need {
    /// Whether that principal has it.
    pub fn met(self, principal: &Principal) -> bool {
        match self {
            Self::Nobody => true,
            Self::Role(role) => principal.role >= role,
            Self::Platform => principal.runs_platform(),
        }
    }

    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nothing",
            Self::Role(role) => role.as_str(),
            Self::Platform => "admin of the platform's own tenant",
        }
    }
}

const VIEWER: Need = Need::Role(Role::Viewer);
const OPERATOR: Need = Need::Role(Role::Operator);
const ADMIN: Need = Need::Role(Role::Admin);

/// What this method of this path needs. `pattern` is the route's, `None` where
/// there is nothing.
pub fn need(method: &Method, pattern: Option<&str>) -> Need {
    let Some(pattern) = pattern else {
        return Need::Nobody;
    };
    match (method.as_str(), pattern) {
        ("GET", "/" | "/ui/{page:.*}" | "/assets/{file:.+}") => Need::Nobody,
        ("GET", "/docs" | "/docs/problems" | "/docs/{file:.*}" | "/openapi.json") => Need::Nobody,
        ("GET", "/healthz" | "/readyz" | "/audit/key") => Need::Nobody,
        // Who logs in is nobody yet, and who logs out need not be anybody any more.
        ("POST" | "DELETE", "/session") => Need::Nobody,
        (_, "/dead-letters" | "/dead-letters/{id}/replay" | "/tenants" | "/tenants/{id}") => {
            Need::Platform
        }
        (_, path) if path.starts_with("/reconciliation") => Need::Platform,
        (_, path) if path.starts_with("/keys") || path.starts_with("/webhooks") => ADMIN,
        // Lines may tell of a shop's customers.
        ("GET", "/stores/{id}/logs") => OPERATOR,
        ("GET", "/whoami" | "/stores/audit/logs") => VIEWER,
        ("GET", path) if path.starts_with("/stores") || path.starts_with("/operations") => VIEWER,
        ("POST" | "PATCH" | "DELETE", path) if path.starts_with("/stores") => OPERATOR,
        _ => ADMIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_ones_before_it_may() {
        let local = Principal::local();
        let with = |role| Principal {
            role,
            tenant: shared::ids::TenantId(uuid::Uuid::from_u128(7)),
            ..local.clone()
        };
        for role in Role::ALL {
            for needed in Role::ALL {
                assert_eq!(Need::Role(needed).met(&with(role)), role >= needed);
            }
            assert!(!Need::Platform.met(&with(role)), "{role:?}");
        }
        assert!(Need::Platform.met(&local));
    }

    #[test]
    fn who_may_look_at_a_store_may_not_read_its_logs() {
        assert_eq!(need(&Method::GET, Some("/stores/{id}/pods")), VIEWER);
        assert_eq!(need(&Method::GET, Some("/stores/{id}/logs")), OPERATOR);
    }

    #[test]
    fn what_nobody_wrote_down_needs_an_admin() {
        assert_eq!(need(&Method::GET, Some("/secrets")), ADMIN);
        assert_eq!(need(&Method::PUT, Some("/stores")), ADMIN);
        assert_eq!(need(&Method::GET, None), Need::Nobody);
    }
}
