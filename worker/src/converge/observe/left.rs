//! What is left of a namespace on its way out, of a store without a release, and what
//! of ours is in somebody else's.

use k8s_openapi::api::core::v1::{self as core, PersistentVolumeClaim, Secret};
use k8s_openapi::jiff::SignedDuration;
use kube::api::ListParams;
use kube::core::PartialObjectMeta;
use kube::{Api, Resource as _, ResourceExt as _};
use shared::contract::command::Goal;
use shared::failure::{Evidence, Failure, FailureCode};

use crate::cluster::labels::{INSTANCE, MANAGED_BY, MANAGER};
use crate::cluster::leaving::{self, Clock, Holder};
use crate::cluster::{Cluster, ClusterError};
use crate::converge::Job;
use crate::converge::observed::{Cause, Namespace, Observed, Volumes};
use crate::converge::taken::Taken;
use crate::steps::namespace;

/// A namespace that is not ours to use: what is left of it, or what of ours is
/// in somebody else's.
pub(super) async fn look_into(
    job: &Job<'_>,
    found: &core::Namespace,
    taken: &mut Taken,
    seen: &mut Observed,
) -> Result<(), ClusterError> {
    let cluster = &job.context.cluster;
    match &mut seen.namespace {
        Namespace::Terminating { holders } => {
            let clock = clock(job, taken);
            *holders = leaving::look::namespace(cluster, found, clock).await?;
            seen.cause = blocked(FailureCode::DeleteBlocked, holders, taken);
        }
        // Under another installation's mark such objects are that one's.
        Namespace::Foreign { ours, .. }
            if job.command.body.goal == Goal::Absent && !namespace::is_marked(found) =>
        {
            *ours = match of_ours(cluster, job.command.store_id.as_str()).await {
                // Where we never had rights, nothing is ours.
                Err(ClusterError::Forbidden(_)) => Vec::new(),
                found => found?,
            };
        }
        Namespace::Foreign { .. } | Namespace::Absent | Namespace::Ours { .. } => {}
    }
    Ok(())
}

/// What only we make for a store: its credentials, its release, its volumes.
async fn of_ours(cluster: &Cluster, store: &str) -> Result<Vec<String>, ClusterError> {
    let credentials =
        ListParams::default().labels(&format!("{INSTANCE}={store},{MANAGED_BY}={MANAGER}"));
    let releases = ListParams::default().labels(&format!("owner=helm,name={store}"));
    let claims = ListParams::default().labels(&format!("{INSTANCE}={store}"));
    let secrets = cluster.of::<Secret>(store);
    let volumes = cluster.of::<PersistentVolumeClaim>(store);
    let (credentials, releases, claims) = tokio::try_join!(
        secrets.list_metadata(&credentials),
        secrets.list_metadata(&releases),
        volumes.list_metadata(&claims),
    )?;
    let secrets = credentials.items.iter().chain(&releases.items);
    let secrets = secrets.map(|found| format!("Secret/{}", found.name_any()));
    let claims = claims.items.iter();
    let claims = claims.map(|found| format!("PersistentVolumeClaim/{}", found.name_any()));
    Ok(secrets.chain(claims).collect())
}

/// The holders whose time is over, as a cause.
pub(super) fn blocked(code: FailureCode, holders: &[Holder], taken: &mut Taken) -> Option<Cause> {
    let blocking: Vec<&Holder> = holders.iter().filter(|holder| holder.blocks).collect();
    let lasting = taken.lasting((!blocking.is_empty()).then_some(code));
    let lines: Vec<String> = blocking.iter().map(|holder| holder.line()).collect();
    let evidence = blocking.iter().map(|holder| Evidence {
        kind: "Condition".to_owned(),
        object: holder.object.clone(),
        text: holder.waits_for.clone(),
    });
    (!lines.is_empty()).then(|| Cause {
        failure: Failure::new(code, format!("{}.", lines.join("; ")))
            .with_evidence(evidence.collect()),
        provable: false,
        lasting,
    })
}

/// The volumes of a store without a release.
pub(super) async fn volumes(cluster: &Cluster, store: &str) -> Result<Volumes, ClusterError> {
    let api: Api<PartialObjectMeta<PersistentVolumeClaim>> =
        Api::namespaced(cluster.requests(), store);
    let claims = api.list(&ListParams::default()).await?;
    let ending = |claim: &&PartialObjectMeta<_>| claim.meta().deletion_timestamp.is_some();
    Ok(Volumes {
        present: claims.items.len(),
        ending: claims.items.iter().filter(ending).count(),
    })
}

/// The apiserver's time, and since when it has answered this try.
pub(super) fn clock(job: &Job<'_>, taken: &mut Taken) -> Clock {
    let now = job.context.leases.clock.ahead();
    let answered = SignedDuration::try_from(taken.answered_for()).unwrap_or(SignedDuration::MAX);
    Clock {
        now,
        answers_since: now.saturating_sub(answered).unwrap_or(now),
    }
}
