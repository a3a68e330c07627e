//! Who may: tenants, roles and API keys. Knows SQL and no HTTP; which request
//! needs which role is decided in `http::needs` alone.

pub mod key;
pub mod keys;
pub mod limits;
pub mod oidc;
pub mod sessions;
pub mod tenants;

use serde::Serialize;
use shared::ids::TenantId;
use utoipa::ToSchema;

/// What a principal may do; each may do all that stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Ask for changes of stores.
    Operator,
    /// Give keys out; in the platform's own tenant, also run the platform.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// As it is written on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// How somebody showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// Not at all: local mode asks for nothing.
    Local,
    /// An API key.
    Key,
    /// A browser's session, opened by a key.
    Session,
    /// A bearer token of the OpenID Connect issuer.
    Token,
}

/// Somebody who was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub tenant: TenantId,
    pub role: Role,
    /// As the audit names them.
    pub actor: String,
    pub means: Means,
}

impl Principal {
    /// Whoever calls where there is no login: on this machine alone.
    pub fn local() -> Self {
        Self {
            tenant: TenantId::LOCAL,
            role: Role::Admin,
            actor: "local".to_owned(),
            means: Means::Local,
        }
    }

    /// The holder of a key, as the audit names them.
    pub fn named(prefix: &str) -> String {
        format!("key:{prefix}")
    }

    /// Whether they run the platform itself: an admin of its own tenant, which is
    /// the first one.
    pub fn runs_platform(&self) -> bool {
        self.tenant == TenantId::LOCAL && self.role == Role::Admin
    }
}
