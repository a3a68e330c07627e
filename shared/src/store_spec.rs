//! What a tenant asked for, complete enough for a worker to act on it without
//! asking anybody.

use serde::{Deserialize, Serialize};

use crate::ids::StoreId;
use crate::plan::Plan;
use crate::store_name::StoreName;

/// The wanted store. Additive on the wire: a new field gets a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSpec {
    /// Namespace, release and host label.
    pub id: StoreId,
    /// Title of the shop.
    pub name: StoreName,
    /// Host name that the shop answers for, lower case, no port.
    pub host: String,
    /// Address of its front page, with scheme and, where it is not the
    /// scheme's own, the port.
    pub url: String,
    /// Size.
    pub plan: Plan,
    /// Address of the shop's owner, for WordPress's first user.
    pub admin_email: String,
    /// Version of the store's chart; without it, the newest that the worker has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
    /// Tag of the web image; without it, the values files decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Number of web pods; without it, the values files decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// Whether it rests: its data is kept, and no web pod runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// Public key (Ed25519, base64) of the links that let its owner in; none without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_key: Option<Box<str>>,
}
