//! Looking: facts from the cluster and from the shop, as deep as there is
//! something to see. IO; no decisions.

mod left;
mod release;
mod shop;

use std::time::{Duration, Instant};

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{self as core, PersistentVolumeClaim, Secret};
use kube::core::PartialObjectMeta;
use kube::{Api, ResourceExt as _};
use shared::contract::command::Goal;
use shared::failure::FailureCode;
use shared::store_spec::StoreSpec;

use crate::cluster::diagnose::Facts;
use crate::cluster::evidence::{self, Look};
use crate::cluster::labels::WEB_REPLICAS;
use crate::cluster::leaving;
use crate::cluster::rollout::{self, Rollout};
use crate::cluster::wake::Wake;
use crate::cluster::workloads::Workloads;
use crate::cluster::{ClusterError, rights, workloads};
use crate::converge::Job;
use crate::converge::looks::Depth;
use crate::converge::observed::{Cause, Found, Namespace, Observed};
use crate::converge::taken::Taken;
use crate::helm::{Release, ReleaseStatus, storage};
use crate::settings::Credentials;
use crate::steps::namespace;
use crate::values::CREDENTIALS_SECRET;

/// How long watches may take to tell all; then it is asked for.
const FIRST: Duration = Duration::from_secs(1);

/// What a full look found under the workloads: the ground of the looks that follow it
/// and ask nobody.
#[derive(Debug)]
pub struct Ground {
    seen: Observed,
    noted: Option<i32>,
    claims: Vec<PersistentVolumeClaim>,
    at: Instant,
}

impl Ground {
    /// How long ago that was.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.at.elapsed()
    }
}

/// What a full look may take as known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The namespace is there and ours, as far as is known: what stands in it is asked
    /// for together with it.
    pub ours: bool,
    /// It was seen not to be there, and this try has made it and no release in it: there
    /// is neither a release nor a volume, and a list of them would only wait for the
    /// apiserver's cache.
    pub bare: bool,
    /// The release was in force at the last look: all is asked for at once.
    pub in_force: bool,
    /// The shop answered just now, as it should.
    pub answers: bool,
    /// Watches that begin now. What they tell first comes from the apiserver's cache, so
    /// the look is no more than a glance.
    pub begun: Option<&'a Wake>,
}

/// One look at everything that matters for the goal; with the ground of the next ones,
/// where the release is in force.
///
/// # Errors
/// [`ClusterError`]: nothing can be said.
pub async fn observe(
    job: &Job<'_>,
    taken: &mut Taken,
    known: Known<'_>,
) -> Result<(Observed, Option<Ground>, Depth), ClusterError> {
    let cluster = &job.context.cluster;
    let store = job.command.store_id.as_str();
    let at = Instant::now();
    let (found, standing, workloads) = tokio::join!(
        namespace_of(job),
        only_if(known.ours || known.in_force, standing(job, known.bare)),
        only_if(known.in_force, workloads::fetch(cluster, store)),
    );
    let found = found?;
    let installation = &job.context.settings.installation;
    let mut seen = Observed::only(namespace::read(found.as_ref(), job.command, installation));
    if let Some(found) = &found {
        left::look_into(job, found, taken, &mut seen).await?;
    }
    let Goal::Present { spec } = &job.command.body.goal else {
        return Ok((seen, None, Depth::Full));
    };
    if !matches!(seen.namespace, Namespace::Ours { .. }) {
        return Ok((seen, None, Depth::Full));
    }
    if !may_work_in(job, taken, &mut seen).await? {
        return Ok((seen, None, Depth::Full));
    }
    // What was forbidden, or not found, counts in a namespace that is ours only.
    let (secret, release) = match standing {
        Some(standing) => standing?,
        None => self::standing(job, known.bare).await?,
    };
    let provided = job.context.settings.credentials == Credentials::External;
    seen.credentials = secret || provided;
    let Some(release) = release else {
        seen.bare = known.bare;
        // Before there are credentials nothing else follows from it.
        if seen.bare || !seen.credentials {
            return Ok((seen, None, Depth::Full));
        }
        seen.volumes = left::volumes(cluster, store).await?;
        if seen.volumes.ending > 0 {
            let holders = leaving::look::claims(cluster, store, left::clock(job, taken)).await?;
            seen.cause = left::blocked(FailureCode::VolumePending, &holders, taken);
        }
        return Ok((seen, None, Depth::Full));
    };
    seen.release = release::of_release(job, taken, release).await?;
    if !is_in_force(&seen.release, taken) {
        return Ok((seen, None, Depth::Full));
    }
    let told = match known.begun {
        Some(wake) => wake.first_facts(FIRST).await,
        None => None,
    };
    let depth = match told {
        Some(_) => Depth::Glance,
        None => Depth::Full,
    };
    let workloads = match (&told, workloads) {
        (Some(facts), _) => facts.workloads.clone(),
        (None, Some(workloads)) => workloads?,
        (None, None) => workloads::fetch(cluster, store).await?,
    };
    let mut ground = Ground {
        seen: seen.clone(),
        noted: noted(found.as_ref()),
        claims: Vec::new(),
        at,
    };
    let mut facts = told;
    if facts.is_none() && rollout::together(&workloads, &[]) != Rollout::Complete {
        facts = Some(evidence::facts(cluster, store, workloads.clone()).await?);
    }
    let pods = facts.as_ref().map_or(&[][..], |facts| &facts.pods);
    let verdict = rollout::together(&workloads, pods);
    seen.restore = restore(job, spec, ground.noted, &workloads).await?;
    seen.images = workloads::images(&workloads);
    if verdict == Rollout::Complete {
        let answer = if known.answers {
            Some(Ok(()))
        } else {
            shop::ask(job, spec, taken, &seen, &workloads).await
        };
        seen.cause = answer
            .as_ref()
            .and_then(|answer| shop::cause(answer, taken));
        if let Some(other) =
            shop::claimed_elsewhere(job, &spec.host, seen.cause.as_ref(), taken).await
        {
            seen.cause = Some(other);
        }
        seen.storefront = answer;
    } else if let Some(mut facts) = facts {
        // Watches tell of all but claims.
        if depth == Depth::Glance {
            facts.claims = evidence::claims(cluster, store).await?;
        }
        diagnosed(job, taken, &facts, &verdict, &mut seen).await?;
        if depth == Depth::Full && !seen.room.is_empty() {
            taken.makes_room();
        }
        ground.claims = facts.claims;
    }
    seen.rollout = Some(verdict);
    Ok((seen, Some(ground), depth))
}

/// A look at what watches tell of the workloads, upon what a full look found under
/// them. Only the shop is asked, and what the evidence of a cause takes.
///
/// # Errors
/// [`ClusterError`]: nothing can be said.
pub async fn glance(
    job: &Job<'_>,
    taken: &mut Taken,
    ground: &Ground,
    mut facts: Facts,
) -> Result<Observed, ClusterError> {
    let mut seen = ground.seen.clone();
    let Goal::Present { spec } = &job.command.body.goal else {
        return Ok(seen);
    };
    facts.claims.clone_from(&ground.claims);
    let verdict = rollout::together(&facts.workloads, &facts.pods);
    seen.restore = restore(job, spec, ground.noted, &facts.workloads).await?;
    if verdict == Rollout::Complete {
        seen.storefront = shop::ask(job, spec, taken, &seen, &facts.workloads).await;
        seen.cause = seen
            .storefront
            .as_ref()
            .and_then(|answer| shop::cause(answer, taken));
    } else {
        diagnosed(job, taken, &facts, &verdict, &mut seen).await?;
    }
    seen.rollout = Some(verdict);
    Ok(seen)
}

async fn namespace_of(job: &Job<'_>) -> Result<Option<core::Namespace>, ClusterError> {
    let api = job.context.cluster.all::<core::Namespace>();
    Ok(api.get_opt(job.command.store_id.as_str()).await?)
}

/// Whether the credentials are there, and helm's word on the release.
async fn standing(job: &Job<'_>, bare: bool) -> Result<(bool, Option<Release>), ClusterError> {
    let (cluster, store) = (&job.context.cluster, &job.command.store_id);
    let secrets: Api<PartialObjectMeta<Secret>> =
        Api::namespaced(cluster.requests(), store.as_str());
    let secret = async {
        let found = secrets.get_opt(CREDENTIALS_SECRET).await;
        found.map_err(ClusterError::from)
    };
    let release = only_if(!bare, storage::find(cluster, store));
    let (secret, release) = tokio::join!(secret, release);
    Ok((secret?.is_some(), release.transpose()?.flatten()))
}

async fn only_if<F: Future>(so: bool, asking: F) -> Option<F::Output> {
    match so {
        true => Some(asking.await),
        false => None,
    }
}

/// Why the workloads have not arrived, and what would help them.
async fn diagnosed(
    job: &Job<'_>,
    taken: &mut Taken,
    facts: &Facts,
    verdict: &Rollout,
    seen: &mut Observed,
) -> Result<(), ClusterError> {
    let (cluster, store) = (&job.context.cluster, job.command.store_id.as_str());
    let Look { cause, stuck, room } = evidence::look(cluster, store, facts, verdict).await?;
    seen.stuck = stuck;
    if taken.is_time_for_room() {
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
    Ok(())
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

/// The web pods to bring back. Without an autoscaler the release itself says how
/// many; with one nobody does, and it would begin at its least.
async fn restore(
    job: &Job<'_>,
    spec: &StoreSpec,
    noted: Option<i32>,
    workloads: &Workloads,
) -> Result<Option<i32>, ClusterError> {
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

/// The web pods that the store had before it rested.
fn noted(found: Option<&core::Namespace>) -> Option<i32> {
    found.and_then(|found| found.annotations().get(WEB_REPLICAS)?.parse().ok())
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
