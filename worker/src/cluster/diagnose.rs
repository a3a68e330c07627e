//! What keeps a store's workloads from arriving.

use shared::failure::Failure;

use crate::cluster::rollout::Rollout;
use crate::cluster::{Cluster, ClusterError};

/// A cause that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// With its evidence.
    pub failure: Failure,
    /// Whether waiting provably cannot cure it.
    pub provable: bool,
}

/// Look for a cause.
///
/// # Errors
/// [`ClusterError`].
pub async fn look(
    _cluster: &Cluster,
    _store: &str,
    _verdict: &Rollout,
) -> Result<Option<Diagnosis>, ClusterError> {
    Ok(None)
}
