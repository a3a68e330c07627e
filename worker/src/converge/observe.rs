//! Looking: facts from the cluster and from the shop, as deep as there is
//! something to see. IO; no decisions.

mod release;

use std::time::Duration;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{self as core, PersistentVolumeClaim, Secret};
use k8s_openapi::jiff::SignedDuration;
use kube::api::ListParams;
use kube::core::PartialObjectMeta;
use kube::{Api, Resource as _, ResourceExt as _};
use shared::contract::command::Goal;
use shared::failure::{Evidence, Failure, FailureCode};
use shared::step::Step;
use shared::store_spec::StoreSpec;

use crate::cluster::evidence::{self, Look};
use crate::cluster::labels::{INSTANCE, MANAGED_BY, MANAGER, WEB_REPLICAS};
use crate::cluster::leaving::{self, Clock, Holder};
use crate::cluster::rollout::{self, Rollout};
use crate::cluster::{Cluster, ClusterError, hosts, rights, workloads};
use crate::converge::Job;
use crate::converge::observed::{Cause, Found, Namespace, Observed, Volumes};
use crate::converge::taken::Taken;
use crate::helm::{ReleaseStatus, storage};
use crate::settings::Credentials;
use crate::steps::namespace;
use crate::values::CREDENTIALS_SECRET;

/// An ingress controller takes a moment to learn of a new shop.
const SILENT: Duration = Duration::from_secs(3);

/// One look at everything that matters for the goal.
///
/// # Errors
/// [`ClusterError`]: nothing can be said.
pub async fn observe(job: &Job<'_>, taken: &mut Taken) -> Result<Observed, ClusterError> {
    let cluster = &job.context.cluster;
    let store = job.command.store_id.as_str();
    let found = cluster.all::<core::Namespace>().get_opt(store).await?;
    let installation = &job.context.settings.installation;
    let mut seen = Observed::only(namespace::read(found.as_ref(), job.command, installation));
    if let Some(found) = &found {
        look_into(job, found, taken, &mut seen).await?;
    }
    let Goal::Present { spec } = &job.command.body.goal else {
        return Ok(seen);
    };
    if !matches!(seen.namespace, Namespace::Ours { .. }) {
        return Ok(seen);
    }
    if !may_work_in(job, taken, &mut seen).await? {
        return Ok(seen);
    }
    let secrets: Api<PartialObjectMeta<Secret>> = Api::namespaced(cluster.requests(), store);
    let (secret, release) = tokio::try_join!(
        async {
            secrets
                .get_opt(CREDENTIALS_SECRET)
                .await
                .map_err(ClusterError::from)
        },
        storage::find(cluster, &job.command.store_id),
    )?;
    let provided = job.context.settings.credentials == Credentials::External;
    seen.credentials = secret.is_some() || provided;
    let Some(release) = release else {
        seen.volumes = volumes(cluster, store).await?;
        if seen.volumes.ending > 0 {
            let holders = leaving::look::claims(cluster, store, clock(job, taken)).await?;
            seen.cause = blocked(FailureCode::VolumePending, &holders, taken);
        }
        return Ok(seen);
    };
    seen.release = release::of_release(job, taken, release).await?;
    if !is_in_force(&seen.release, taken) {
        return Ok(seen);
    }
    let workloads = workloads::fetch(cluster, store).await?;
    let verdict = rollout::together(&workloads);
    seen.restore = restore(job, spec, found.as_ref(), &workloads).await?;
    if verdict == Rollout::Complete && spec.suspended {
        // No shop answers, and none is asked.
        taken.lasting(None);
    } else if verdict == Rollout::Complete && taken.count(Step::Storefront) == 0 {
        // The shop is asked once that step has begun, so that its time is its own.
        taken.lasting(None);
    } else if verdict == Rollout::Complete {
        let opens = match &seen.namespace {
            Namespace::Ours { ever_ready, .. } => !(*ever_ready || job.command.body.ever_ready),
            _ => false,
        };
        // A slow shop does not hold up a stop.
        let answer = tokio::select! {
            answer = job.context.prober.look(&spec.url, workloads.shop(), opens) => answer,
            () = job.stop.cancelled() => Err("the worker stops".to_owned()),
            () = job.holding.lost().cancelled() => Err("the store was lost".to_owned()),
        };
        seen.cause = shop_cause(&answer, taken);
        if let Some(other) = claimed_elsewhere(job, &spec.host, seen.cause.as_ref(), taken).await {
            seen.cause = Some(other);
        }
        seen.storefront = Some(answer);
    } else {
        let Look { cause, stuck, room } =
            evidence::look(cluster, store, workloads, &verdict).await?;
        seen.stuck = stuck;
        if !room.is_empty() && taken.is_time_for_room() {
            seen.room = room;
        }
        // What only follows from a database that still starts has no time of its own.
        let counts = cause.as_ref().filter(|cause| !cause.follows);
        let lasting = taken.lasting(counts.map(|cause| cause.failure.code));
        seen.cause = cause.map(|cause| Cause {
            failure: cause.failure,
            provable: cause.provable,
            lasting,
        });
    }
    seen.rollout = Some(verdict);
    Ok(seen)
}

/// Whether our rights in the namespace are as they should be; looked at once in a
/// try, unless something is forbidden after that.
async fn may_work_in(
    job: &Job<'_>,
    taken: &mut Taken,
    seen: &mut Observed,
) -> Result<bool, ClusterError> {
    if taken.may_work() {
        return Ok(true);
    }
    let (cluster, settings) = (&job.context.cluster, &job.context.settings);
    let given = rights::are_given(cluster, settings, job.command.store_id.as_str()).await?;
    if let Namespace::Ours { labelled, .. } = &mut seen.namespace {
        *labelled &= given;
    }
    taken.can_work(given);
    Ok(given)
}

/// The apiserver's time, and since when it has answered this try.
fn clock(job: &Job<'_>, taken: &mut Taken) -> Clock {
    let now = job.context.leases.clock.ahead();
    let answered = SignedDuration::try_from(taken.answered_for()).unwrap_or(SignedDuration::MAX);
    Clock {
        now,
        answers_since: now.saturating_sub(answered).unwrap_or(now),
    }
}

/// The web pods to bring back. Without an autoscaler the release itself says how
/// many; with one nobody does, and it would begin at its least.
async fn restore(
    job: &Job<'_>,
    spec: &StoreSpec,
    found: Option<&core::Namespace>,
    workloads: &workloads::Workloads,
) -> Result<Option<i32>, ClusterError> {
    let noted = found.and_then(|found| found.annotations().get(WEB_REPLICAS)?.parse().ok());
    let Some(noted) = noted.filter(|_| !spec.suspended) else {
        return Ok(None);
    };
    let now = workloads::web_replicas(workloads);
    if now.is_none_or(|now| now >= noted) {
        return Ok(None);
    }
    let scalers = job
        .context
        .cluster
        .of::<HorizontalPodAutoscaler>(job.command.store_id.as_str());
    let scaler = scalers.get_metadata_opt(workloads::WEB).await?;
    Ok(scaler.map(|_| noted))
}

/// A namespace that is not ours to use: what is left of it, or what of ours is
/// in somebody else's.
async fn look_into(
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
fn blocked(code: FailureCode, holders: &[Holder], taken: &mut Taken) -> Option<Cause> {
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

/// A shop that stays silent may have lost its host to somebody else's Ingress.
async fn claimed_elsewhere(
    job: &Job<'_>,
    host: &str,
    silent: Option<&Cause>,
    taken: &mut Taken,
) -> Option<Cause> {
    let lasting = silent?.lasting;
    if lasting < SILENT || !taken.is_time_for_hosts() {
        return None;
    }
    let store = job.command.store_id.as_str();
    let other = match hosts::claimed_elsewhere(&job.context.cluster, store, host).await {
        Ok(other) => other?,
        // Without the right to list them, the silence is all that can be said.
        Err(error) => {
            tracing::warn!(error = %error.detail(), "the cluster's hosts cannot be listed");
            return None;
        }
    };
    Some(Cause {
        failure: hosts::conflict(&other, host),
        provable: true,
        lasting,
    })
}

/// What is wanted; or, on the way back, what served before.
fn is_in_force(found: &Found, taken: &Taken) -> bool {
    match found {
        Found::Nothing => false,
        Found::Release {
            release,
            wanted,
            missing,
        } => {
            let expected = *wanted || taken.since_rollback().is_some();
            release.status == ReleaseStatus::Deployed && expected && missing.is_empty()
        }
    }
}

async fn volumes(cluster: &Cluster, store: &str) -> Result<Volumes, ClusterError> {
    let api: Api<PartialObjectMeta<PersistentVolumeClaim>> =
        Api::namespaced(cluster.requests(), store);
    let claims = api.list(&ListParams::default()).await?;
    let ending = |claim: &&PartialObjectMeta<_>| claim.meta().deletion_timestamp.is_some();
    Ok(Volumes {
        present: claims.items.len(),
        ending: claims.items.iter().filter(ending).count(),
    })
}

fn shop_cause(answer: &Result<(), String>, taken: &mut Taken) -> Option<Cause> {
    let why = answer.as_ref().err();
    let lasting = taken.lasting(why.map(|_| FailureCode::StorefrontUnreachable));
    why.map(|why| Cause {
        failure: Failure::new(FailureCode::StorefrontUnreachable, format!("Now: {why}.")),
        provable: false,
        lasting,
    })
}
