//! The steps that a worker takes and people watch, in the words of both sides.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One step of an operation: one effect on the cluster, or one wait.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
pub enum Step {
    /// Make (or recognise) the store's namespace.
    Namespace,
    /// Make the Secret with its passwords and keys, once.
    Credentials,
    /// Free a release that a killed helm left pending.
    Unlock,
    /// Remove a first install that never became ready, with its volumes.
    Reset,
    /// Install or upgrade the release.
    Release,
    /// Return to the last good revision.
    Rollback,
    /// Wait until database, set-up and web pods are done.
    Rollout,
    /// Ask the shop itself, through the ingress.
    Storefront,
    /// Remove the namespace and wait until it is gone.
    Purge,
}

impl Step {
    /// Every step, for exhaustive tests.
    pub const ALL: [Self; 9] = [
        Self::Namespace,
        Self::Credentials,
        Self::Unlock,
        Self::Reset,
        Self::Release,
        Self::Rollback,
        Self::Rollout,
        Self::Storefront,
        Self::Purge,
    ];

    /// The name used in JSON, logs and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::Credentials => "Credentials",
            Self::Unlock => "Unlock",
            Self::Reset => "Reset",
            Self::Release => "Release",
            Self::Rollback => "Rollback",
            Self::Rollout => "Rollout",
            Self::Storefront => "Storefront",
            Self::Purge => "Purge",
        }
    }

    /// The step of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == text)
    }
}
