//! Plans: how much of the cluster a store may use. Sizes live in the chart's
//! values; here are only their names.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Size of a store; resources and quota follow from it in `charts/store`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// One small shop; the default.
    #[default]
    Small,
    /// A shop with steady visitors.
    Medium,
    /// A busy shop.
    Large,
}

impl Plan {
    /// The name used in JSON, in the database and in the chart's values.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}
