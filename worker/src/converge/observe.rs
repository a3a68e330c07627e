//! Looking: facts from the cluster and from the shop, as deep as there is
//! something to see. IO; no decisions.

use k8s_openapi::api::core::v1::{self as core, PersistentVolumeClaim, Secret};
use k8s_openapi::jiff::Timestamp;
use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta};
use kube::{Api, Resource as _};
use shared::contract::command::Goal;
use shared::failure::{Failure, FailureCode};
use shared::step::Step;

use crate::cluster::evidence::{self, Look};
use crate::cluster::rollout::{self, Rollout};
use crate::cluster::{Cluster, ClusterError, workloads};
use crate::converge::observed::{Cause, Found, Namespace, Observed, Volumes};
use crate::converge::taken::Taken;
use crate::converge::{Job, Wanted};
use crate::helm::record::Part;
use crate::helm::{Release, ReleaseStatus, storage};
use crate::steps::namespace;
use crate::values::CREDENTIALS_SECRET;

/// One look at everything that matters for the goal.
///
/// # Errors
/// [`ClusterError`]: nothing can be said.
pub async fn observe(job: &Job<'_>, taken: &mut Taken) -> Result<Observed, ClusterError> {
    let cluster = &job.context.cluster;
    let store = job.command.store_id.as_str();
    let found = cluster.all::<core::Namespace>().get_opt(store).await?;
    let installation = &job.context.settings.installation;
    let namespace = namespace::read(found.as_ref(), job.command, installation, Timestamp::now());
    let mut seen = Observed::only(namespace);
    let Goal::Present { spec } = &job.command.body.goal else {
        return Ok(seen);
    };
    if !matches!(seen.namespace, Namespace::Ours { .. }) {
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
    seen.credentials = secret.is_some();
    let Some(release) = release else {
        seen.volumes = volumes(cluster, store).await?;
        return Ok(seen);
    };
    seen.release = of_release(job, taken, release).await?;
    if !is_in_force(&seen.release) {
        return Ok(seen);
    }
    let workloads = workloads::fetch(cluster, store).await?;
    let verdict = rollout::together(&workloads);
    if verdict == Rollout::Complete && taken.count(Step::Storefront) == 0 {
        // The shop is asked once that step has begun, so that its time is its own.
        taken.lasting(None);
    } else if verdict == Rollout::Complete {
        // A slow shop does not hold up a stop.
        let answer = tokio::select! {
            answer = job.context.prober.look(&spec.url) => answer,
            () = job.stop.cancelled() => Err("the worker stops".to_owned()),
            () = job.holding.lost().cancelled() => Err("the store was lost".to_owned()),
        };
        seen.cause = shop_cause(&answer, taken);
        seen.storefront = Some(answer);
    } else {
        let Look { cause, stuck } = evidence::look(cluster, store, workloads, &verdict).await?;
        seen.stuck = stuck;
        let lasting = taken.lasting(cause.as_ref().map(|cause| cause.failure.code));
        seen.cause = cause.map(|cause| Cause {
            failure: cause.failure,
            provable: cause.provable,
            lasting,
        });
    }
    seen.rollout = Some(verdict);
    Ok(seen)
}

fn is_in_force(found: &Found) -> bool {
    match found {
        Found::Nothing => false,
        Found::Release {
            release,
            wanted,
            missing,
        } => release.status == ReleaseStatus::Deployed && *wanted && missing.is_empty(),
    }
}

/// Whether the release is the wanted one, and whole. Its objects are looked at
/// once in a try: after that only we could have removed them.
async fn of_release(
    job: &Job<'_>,
    taken: &mut Taken,
    release: Release,
) -> Result<Found, ClusterError> {
    let digest = job.wanted.as_ref().map(|Wanted { digest, .. }| digest);
    let wanted = release.digest.as_ref() == digest;
    let look = wanted
        && release.status == ReleaseStatus::Deployed
        && !taken.has_verified(release.revision);
    let missing = if look {
        missing(job, release.revision).await?
    } else {
        Vec::new()
    };
    if look && missing.is_empty() {
        taken.verified(release.revision);
    }
    Ok(Found::Release {
        release,
        wanted,
        missing,
    })
}

/// Objects of a revision's manifest that are not there. A record that cannot be
/// read makes the release as good as gone: helm is asked to make it again.
async fn missing(job: &Job<'_>, revision: i64) -> Result<Vec<String>, ClusterError> {
    let (cluster, store) = (&job.context.cluster, &job.command.store_id);
    let parts = match storage::record(cluster, store, revision).await {
        Ok((_, record)) => record.parts(),
        Err(storage::StorageError::Cluster(error)) => return Err(error),
        Err(storage::StorageError::Record(error)) => Err(error),
    };
    let parts = match parts {
        Ok(parts) => parts,
        Err(error) => return Ok(vec![error.to_string()]),
    };
    // What Kubernetes itself removes after its end is not missed.
    let lasting = parts.iter().filter(|part| !part.passing);
    let looks = lasting.map(|part| is_missing(cluster, store.as_str(), part));
    let found = futures_util::future::try_join_all(looks).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn is_missing(
    cluster: &Cluster,
    store: &str,
    part: &Part,
) -> Result<Option<String>, ClusterError> {
    let (group, version) = part
        .api_version
        .split_once('/')
        .unwrap_or(("", &part.api_version));
    let kind = GroupVersionKind::gvk(group, version, &part.kind);
    let resource = ApiResource::from_gvk(&kind);
    let api: Api<DynamicObject> = Api::namespaced_with(cluster.requests(), store, &resource);
    let found = api.get_metadata_opt(&part.name).await?;
    Ok(found
        .is_none()
        .then(|| format!("{}/{}", part.kind, part.name)))
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
