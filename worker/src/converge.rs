//! THE loop: observe → decide → one step → report, until the goal is true, the
//! try is stuck, the time is up, or the store is no longer ours.
//!
//! Nothing is remembered between tries: what a killed worker did is found by
//! looking. What this try has taken ([`taken::Taken`]) only keeps it from running
//! in circles.

pub mod decide;
pub mod looks;
pub mod observe;
pub mod observed;
mod points;
pub mod taken;
pub mod timeline;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use shared::backoff::Backoff;
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::failure::{Failure, FailureCode};
use shared::fault;
use shared::step::Step;
use shared::wait::pause;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::cluster::ClusterError;
use crate::context::Context;
use crate::converge::decide::{Next, Waiting, decide};
use crate::converge::looks::Looks;
use crate::converge::observed::Observed;
use crate::converge::taken::Taken;
use crate::converge::timeline::Timeline;
use crate::lease::{Holding, Loss};
use crate::steps::{self, StepError};

/// Before looking again at what was not as it had been seen.
const AGAIN: Duration = Duration::from_millis(200);
/// Rights that were given just now are in force by then, at every apiserver.
const RIGHTS: Duration = Duration::from_secs(10);
/// For a cluster that is away.
const AWAY: Backoff = Backoff {
    base: Duration::from_millis(500),
    max: Duration::from_secs(5),
};

/// One try at one store that we hold.
#[derive(Debug)]
pub struct Job<'a> {
    /// What may be touched.
    pub context: &'a Context,
    /// What is wanted.
    pub command: &'a Envelope<Command>,
    /// The release that follows from it; none for a delete.
    pub wanted: Option<Wanted>,
    /// Our hand on the store.
    pub holding: &'a Holding,
    /// The program stops: come to an end at the next safe point.
    pub stop: &'a CancellationToken,
    /// Until then.
    pub deadline: Instant,
}

/// The release that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The chart of the wanted version, folder or archive.
    pub chart: PathBuf,
    /// The store's own values, as the chart reads them.
    pub values: String,
    /// What chart, values files and these make together.
    pub digest: String,
    /// The same, without what is a store's own and changes no kind and no field.
    pub shape: String,
    /// Name and version of the chart, such as `store-0.1.0`, where they can be read.
    pub label: Option<String>,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The goal is true.
    Done(steps::Arrived),
    /// It cannot be made true by this try.
    Failed(Failure),
    /// The store is no longer ours.
    Lost(Loss),
    /// The program stops; somebody else goes on.
    HandedBack,
}

/// Bring the store to its goal.
pub async fn converge(job: &Job<'_>, timeline: &mut Timeline<'_>, taken: &mut Taken) -> Ended {
    let mut away = 0;
    let mut looks = Looks::default();
    loop {
        if let Some(ended) = must_end(job, taken) {
            return ended;
        }
        let (seen, depth) = match looks.look(job, taken).await {
            Ok(looked) => {
                taken.was_allowed();
                looked
            }
            Err(error @ ClusterError::Forbidden(_)) if taken.was_forbidden() < RIGHTS => {
                tracing::info!(error = %error.detail(), "not allowed yet");
                pause(AGAIN, job.stop).await;
                continue;
            }
            Err(ClusterError::Unreachable(error)) => {
                away += 1;
                let error = ClusterError::Unreachable(error);
                unreachable_for_now(job, timeline, taken, away, &error.detail()).await;
                continue;
            }
            Err(error) => {
                return Ended::Failed(Failure::new(FailureCode::Internal, error.detail()));
            }
        };
        let patience = &job.context.settings.patience;
        let next = decide(&job.command.body, &seen, taken, patience);
        if !looks.suffices(depth, &seen, &next) {
            continue;
        }
        match next {
            Next::Do(step) => {
                looks.acted(step);
                timeline.enter(step);
                away = match act(job, timeline, taken, step, &seen).await {
                    Acted::Done => 0,
                    Acted::Away(detail) => {
                        away += 1;
                        unreachable_for_now(job, timeline, taken, away, &detail).await;
                        away
                    }
                };
            }
            Next::Wait(waiting) => {
                away = 0;
                timeline.enter(waiting.step);
                timeline.wait(&waiting);
                taken.waited(&waiting);
                points::waiting(waiting.step);
                looks.wait(job, &waiting).await;
            }
            Next::Done => {
                fault::point("worker.arrive.before");
                if let Some(loss) = job.holding.loss() {
                    return Ended::Lost(loss);
                }
                let arrived = steps::arrive(job, &seen).await;
                fault::point("worker.arrive.after");
                match arrived {
                    Ok(arrived) => {
                        timeline.arrive();
                        return Ended::Done(arrived);
                    }
                    Err(error) => {
                        away += 1;
                        unreachable_for_now(job, timeline, taken, away, &error).await;
                    }
                }
            }
            Next::GiveUp(failure) => {
                tracing::warn!(code = failure.code.as_str(), "going back to what served");
                if let Some(step) = failure.step {
                    timeline.enter_once(step);
                }
                timeline.fail();
                taken.give_up(failure);
            }
            Next::Back(failure) => match steps::went_back(job, &seen).await {
                Ok(()) => {
                    timeline.finish();
                    return Ended::Failed(failure);
                }
                Err(error) => {
                    away += 1;
                    unreachable_for_now(job, timeline, taken, away, &error).await;
                }
            },
            Next::Stuck(failure) => {
                // The way back failed too: its own step, and not only the first one.
                if taken.given_up().is_some() {
                    timeline.fail();
                }
                // Also when it was seen at the first look: people see where.
                if let Some(step) = failure.step {
                    timeline.enter_once(step);
                }
                return Ended::Failed(failure);
            }
        }
    }
}

/// Lost, stopping or out of time, in this order.
fn must_end(job: &Job<'_>, taken: &Taken) -> Option<Ended> {
    if let Some(loss) = job.holding.loss() {
        return Some(Ended::Lost(loss));
    }
    if job.stop.is_cancelled() {
        return Some(Ended::HandedBack);
    }
    (Instant::now() >= job.deadline).then(|| Ended::Failed(taken.out_of_time()))
}

/// What came of a step.
enum Acted {
    /// Its effect, or a failure that the next look judges.
    Done,
    /// The cluster is away.
    Away(String),
}

/// One effect. What goes wrong is noted; the next look decides what follows.
async fn act(
    job: &Job<'_>,
    timeline: &mut Timeline<'_>,
    taken: &mut Taken,
    step: Step,
    seen: &Observed,
) -> Acted {
    if step == Step::Release {
        taken.forget_verified();
    }
    points::before(step);
    if job.holding.loss().is_some() {
        // We were halted since the look; the loop says so.
        return Acted::Done;
    }
    let span = timeline.span();
    let ran = steps::run(step, job, seen).instrument(span).await;
    points::after(step);
    match ran {
        Ok(changed) => {
            taken.done(step);
            if step == Step::Release {
                taken.applied();
            }
            timeline.changed(changed);
            // These end when their end is seen; the others with their effect.
            if !step_goes_on(step) {
                timeline.finish();
            }
        }
        Err(StepError::Unreachable(detail)) => return Acted::Away(detail),
        Err(StepError::LookAgain(detail)) => {
            taken.again(step, &detail);
            tracing::info!(step = step.as_str(), detail, "looking again");
            pause(AGAIN, job.stop).await;
        }
        Err(StepError::Failed { failure, changed }) => {
            timeline.changed(changed);
            taken.failed(step, failure);
        }
    }
    Acted::Done
}

/// Steps that are over when their end is seen, not with an effect of ours.
fn step_goes_on(step: Step) -> bool {
    match step {
        Step::Reset | Step::Rollout | Step::Storefront | Step::Purge => true,
        Step::Namespace | Step::Credentials | Step::Unlock | Step::Release | Step::Rollback => {
            false
        }
    }
}

async fn unreachable_for_now(
    job: &Job<'_>,
    timeline: &mut Timeline<'_>,
    taken: &mut Taken,
    failures: u32,
    detail: &str,
) {
    let step = timeline.open().unwrap_or(match job.command.body.goal {
        Goal::Present { .. } => Step::Namespace,
        Goal::Absent => Step::Purge,
    });
    let cause = Failure::new(FailureCode::ClusterUnreachable, detail).in_step(step);
    let waiting = Waiting {
        step,
        message: "waiting for the cluster to answer".to_owned(),
        cause: Some(cause),
    };
    timeline.enter(step);
    timeline.wait(&waiting);
    taken.waited(&waiting);
    taken.was_away();
    let until = job.deadline.saturating_duration_since(Instant::now());
    let lost = job.holding.lost();
    tokio::select! {
        _ = pause(AWAY.jittered(failures).min(until), job.stop) => {}
        () = lost.cancelled() => {}
    }
}
