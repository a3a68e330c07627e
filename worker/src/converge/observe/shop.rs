//! What the shop of a store whose workloads have arrived answers, and what follows.

use std::time::Duration;

use shared::failure::{Failure, FailureCode};
use shared::step::Step;
use shared::store_spec::StoreSpec;

use crate::cluster::hosts;
use crate::cluster::workloads::Workloads;
use crate::converge::Job;
use crate::converge::observed::{Cause, Namespace, Observed};
use crate::converge::taken::Taken;

/// An ingress controller takes a moment to learn of a new shop.
const SILENT: Duration = Duration::from_secs(3);

/// What the shop of complete workloads answers; `None` where it is not asked.
pub(super) async fn ask(
    job: &Job<'_>,
    spec: &StoreSpec,
    taken: &mut Taken,
    seen: &Observed,
    workloads: &Workloads,
) -> Option<Result<(), String>> {
    // A shop at rest answers nobody; another is asked once that step has begun, so
    // that its time is its own.
    if spec.suspended || taken.count(Step::Storefront) == 0 {
        taken.lasting(None);
        return None;
    }
    let opens = match &seen.namespace {
        Namespace::Ours { ever_ready, .. } => !(*ever_ready || job.command.body.ever_ready),
        _ => false,
    };
    // A slow shop does not hold up a stop.
    Some(tokio::select! {
        answer = job.context.prober.look(&spec.url, workloads.shop(), opens) => answer,
        () = job.stop.cancelled() => Err("the worker stops".to_owned()),
        () = job.holding.lost().cancelled() => Err("the store was lost".to_owned()),
    })
}

/// A shop that stays silent may have lost its host to somebody else's Ingress.
pub(super) async fn claimed_elsewhere(
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

/// Its silence as a cause.
pub(super) fn cause(answer: &Result<(), String>, taken: &mut Taken) -> Option<Cause> {
    let why = answer.as_ref().err();
    let lasting = taken.lasting(why.map(|_| FailureCode::StorefrontUnreachable));
    why.map(|why| Cause {
        failure: Failure::new(FailureCode::StorefrontUnreachable, format!("Now: {why}.")),
        provable: false,
        lasting,
    })
}
