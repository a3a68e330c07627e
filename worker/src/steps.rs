//! The steps: one effect each, safe to repeat, knowing nothing of their order.

pub mod credentials;
pub mod namespace;
pub mod purge;
pub mod release;
pub mod reset;
pub mod rollback;
pub mod rollout;
pub mod unlock;

use std::collections::BTreeMap;

use shared::contract::command::Goal;
use shared::failure::{Failure, FailureCode};
use shared::step::Step;

use crate::cluster::ClusterError;
use crate::converge::Job;
use crate::converge::observed::Observed;
use crate::helm::storage::{self, StorageError};

/// Why a step had not its effect.
#[derive(Debug)]
pub enum StepError {
    /// The cluster is away: the same again, later.
    Unreachable(String),
    /// Things are not as they were seen: look again.
    LookAgain(String),
    /// It failed.
    Failed {
        /// Why.
        failure: Failure,
        /// Whether it changed anything all the same.
        changed: bool,
    },
}

/// A goal that is true, in the words of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrived {
    /// The store serves.
    Ready {
        /// helm's revision.
        revision: i64,
        /// Chart and version.
        chart: String,
        /// The images of its workloads, by container.
        images: BTreeMap<String, String>,
    },
    /// Nothing is left.
    Gone,
}

/// Take a step; `true` if it changed anything in the cluster.
///
/// # Errors
/// [`StepError`].
pub async fn run(step: Step, job: &Job<'_>, seen: &Observed) -> Result<bool, StepError> {
    match step {
        Step::Namespace => namespace::run(job, seen).await,
        Step::Credentials => credentials::run(job).await,
        Step::Unlock => unlock::run(job, seen).await,
        Step::Reset => reset::run(job).await,
        Step::Release => release::run(job, seen).await,
        Step::Rollback => rollback::run(job, seen).await,
        Step::Purge => purge::run(job, seen).await,
        Step::Rollout => rollout::run(job, seen).await,
        // From now on every look asks the shop.
        Step::Storefront => Ok(false),
    }
}

/// Note on the cluster that the goal is true, before anybody is told.
///
/// *Effect:* the namespace of a store that serves says so for ever.
///
/// # Errors
/// Why it could not be noted; then nobody is told.
pub async fn arrive(job: &Job<'_>, seen: &Observed) -> Result<Arrived, String> {
    let crate::converge::observed::Found::Release { release, .. } = &seen.release else {
        return Ok(Arrived::Gone);
    };
    if job.command.body.goal == Goal::Absent {
        return Ok(Arrived::Gone);
    }
    namespace::mark_ready(job, seen)
        .await
        .map_err(|error| error.detail())?;
    Ok(Arrived::Ready {
        revision: release.revision,
        chart: chart(job, release.revision).await?,
        images: seen.images.clone(),
    })
}

/// The chart of the wanted release, by its folder, or by helm's record of it.
async fn chart(job: &Job<'_>, revision: i64) -> Result<String, String> {
    if let Some(label) = job.wanted.as_ref().and_then(|wanted| wanted.label.clone()) {
        return Ok(label);
    }
    let (cluster, store) = (&job.context.cluster, &job.command.store_id);
    match storage::record(cluster, store, revision).await {
        Ok((_, record)) => Ok(record.chart()),
        Err(StorageError::Cluster(error)) => Err(error.detail()),
        Err(StorageError::Record(error)) => Err(error.to_string()),
    }
}

/// Note that a store which went back serves again.
///
/// # Errors
/// Why it could not be noted.
pub async fn went_back(job: &Job<'_>, seen: &Observed) -> Result<(), String> {
    let noted = namespace::mark_ready(job, seen).await;
    noted.map_err(|error| error.detail())
}

impl From<ClusterError> for StepError {
    fn from(error: ClusterError) -> Self {
        let detail = error.detail();
        match error {
            ClusterError::Unreachable(_) => Self::Unreachable(detail),
            ClusterError::NotFound(_)
            | ClusterError::Conflict(_)
            // A right that was given just now takes a moment; looks are bounded.
            | ClusterError::Forbidden(_) => Self::LookAgain(detail),
            ClusterError::Refused(_) => Self::Failed {
                failure: Failure::new(FailureCode::Internal, detail),
                changed: false,
            },
        }
    }
}

impl From<kube::Error> for StepError {
    fn from(error: kube::Error) -> Self {
        ClusterError::from(error).into()
    }
}

impl From<StorageError> for StepError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Cluster(error) => error.into(),
            StorageError::Record(error) => Self::Failed {
                failure: Failure::new(FailureCode::ReleaseLocked, error.to_string()),
                changed: false,
            },
        }
    }
}
