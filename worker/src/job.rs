//! One delivery's work: get the store, bring it to its goal, note the outcome on
//! the Lease, say it, give the store back. Only then may the delivery be settled.
//!
//! A redelivery takes the same road: a settled try is only said again, one that
//! was cut off is found again by looking.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use shared::backoff::Backoff;
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::{Failure, FailureCode};
use shared::fault;
use shared::step::Step;
use shared::wait::pause;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::cluster::ClusterError;
use crate::context::Context;
use crate::converge::decide::Waiting;
use crate::converge::taken::Taken;
use crate::converge::timeline::Timeline;
use crate::converge::{Ended, Job, Wanted, converge};
use crate::helm::{charts, digest, guard};
use crate::lease::{self, Acquired, Holding, Loss};
use crate::metrics::METRICS;
use crate::report::{Story, Unsaid};
use crate::steps::Arrived;
use crate::values;

/// After the other holder's end, and before asking again.
const MARGIN: Duration = Duration::from_millis(500);
/// Why a try is put off, in words for people; until when is said beside it, so
/// that the same reason is the same text.
const HELD: &str = "Another worker holds the store; it goes on by itself.";
const STOPS: &str = "This worker is being stopped; another one goes on by itself.";
const AWAY: &str = "The cluster does not answer; it is tried again by itself.";
const TAKEN: &str = "Another worker has taken the store over; it goes on by itself.";

/// How long a deleted store's Lease stays after its last command's time.
const TOMBSTONE: time::Duration = time::Duration::hours(24);

/// One try, from the command to its confirmed outcome. `concluding` is called
/// before that is said.
///
/// # Errors
/// [`Unsaid`]: the program stopped first; the delivery must be left to another.
pub async fn run(
    context: &Context,
    command: &Envelope<Command>,
    stop: &CancellationToken,
    concluding: &(dyn Fn() + Sync),
) -> Result<(), Unsaid> {
    let story = context.reporter.story(command);
    let mut attempt = Attempt {
        context,
        command,
        stop,
        timeline: Timeline::new(&command.body.goal, &story),
        taken: Taken::default(),
        deadline: Instant::now() + Duration::from_millis(command.body.budget_ms),
    };
    let conclude = async |story: &Story, outcome| {
        concluding();
        METRICS.tried(command.body.kind, &outcome);
        story.conclude(outcome).await
    };
    let mut waiting_since = None;
    loop {
        let holder = format!("{}/{}", context.worker, uuid::Uuid::now_v7());
        match attempt.acquire(&holder).await {
            Err(deferred) => return conclude(&story, deferred).await,
            Ok(Acquired::Settled(settled)) => {
                let command = Envelope {
                    attempt: settled.attempt,
                    ..command.clone()
                };
                let again = context.reporter.story(&command);
                return conclude(&again, settled.outcome).await;
            }
            Ok(Acquired::Newer(newer)) => {
                return conclude(&story, EventBody::Stopped { newer }).await;
            }
            Ok(Acquired::Busy {
                remaining,
                supersedes,
            }) => {
                let waiting = waiting_since.get_or_insert_with(Instant::now);
                let patient = supersedes && waiting.elapsed() < attempt.holders_time();
                if !(patient && pause(MARGIN / 2, stop).await) {
                    let busy = deferred(remaining + MARGIN, HELD);
                    return conclude(&story, busy).await;
                }
            }
            Ok(Acquired::Held(holding)) => match attempt.hold(&holding).await {
                Outcome::Settled(outcome) => {
                    conclude(&story, outcome).await?;
                    holding.release().await;
                    return Ok(());
                }
                Outcome::Open(outcome) => {
                    holding.release().await;
                    return conclude(&story, outcome).await;
                }
                Outcome::Again => holding.release().await,
            },
        }
    }
}

/// What came of holding the store.
enum Outcome {
    /// It stands on the Lease.
    Settled(EventBody),
    /// It does not: another delivery goes on.
    Open(EventBody),
    /// The Lease ended under us while the cluster was away: get it again.
    Again,
}

struct Attempt<'a> {
    context: &'a Context,
    command: &'a Envelope<Command>,
    stop: &'a CancellationToken,
    timeline: Timeline<'a>,
    taken: Taken,
    deadline: Instant,
}

impl Attempt<'_> {
    /// Ask for the store until the cluster answers. Without an answer nothing can
    /// be settled, so the end of patience is a postponement, not a failure.
    async fn acquire(&mut self, holder: &str) -> Result<Acquired, EventBody> {
        let mut failures = 0;
        loop {
            if self.stop.is_cancelled() {
                return Err(deferred(Duration::ZERO, STOPS));
            }
            let asked = lease::acquire(&self.context.leases, self.command, holder).await;
            let error = match asked {
                Ok(acquired) => return Ok(acquired),
                Err(error) => error,
            };
            failures += 1;
            self.taken.was_away();
            self.show_away(&error);
            if Instant::now() >= self.deadline {
                return Err(deferred(MARGIN, AWAY));
            }
            pause(Backoff::RECONNECT.jittered(failures), self.stop).await;
        }
    }

    fn show_away(&mut self, error: &ClusterError) {
        let step = match self.command.body.goal {
            Goal::Present { .. } => Step::Namespace,
            Goal::Absent => Step::Purge,
        };
        let step = self.timeline.open().unwrap_or(step);
        let cause = Failure::new(FailureCode::ClusterUnreachable, error.detail());
        self.timeline.enter(step);
        self.timeline.wait(&Waiting {
            step,
            message: "waiting for the cluster to answer".to_owned(),
            cause: Some(cause.in_step(step)),
        });
    }

    /// The holder works on an older intent and was told to stop: it comes to its
    /// end within this time, or it is dead.
    fn holders_time(&self) -> Duration {
        self.context.settings.helm_grace + MARGIN * 4
    }

    async fn hold(&mut self, holding: &Holding) -> Outcome {
        self.timeline.held(holding.turn());
        self.taken.held_anew();
        let ended = if OffsetDateTime::now_utc() > self.command.body.not_after {
            let late = "It was not begun before its time had passed.";
            Ended::Failed(Failure::new(FailureCode::Timeout, late))
        } else {
            self.guarded(holding).await
        };
        let outcome = match ended {
            Ended::Done(Arrived::Ready {
                revision,
                chart,
                images,
            }) => EventBody::Ready {
                revision,
                chart,
                images,
            },
            Ended::Done(Arrived::Gone) => EventBody::Deleted,
            Ended::Failed(failure) => EventBody::Failed {
                changed: self.timeline.any_changed(),
                run: self.timeline.run_that_failed(failure.step),
                failure,
            },
            Ended::Lost(loss) => return of_loss(loss),
            Ended::HandedBack => {
                return Outcome::Open(deferred(Duration::ZERO, STOPS));
            }
        };
        self.settle(holding, outcome).await
    }

    /// A panic is a failure of this try, not of the worker.
    async fn guarded(&mut self, holding: &Holding) -> Ended {
        let wanted = match self.wanted() {
            Ok(wanted) => wanted,
            Err(failure) => return Ended::Failed(failure),
        };
        let job = Job {
            context: self.context,
            command: self.command,
            wanted,
            holding,
            stop: self.stop,
            deadline: self.deadline,
        };
        let work = converge(&job, &mut self.timeline, &mut self.taken);
        if let Ok(ended) = AssertUnwindSafe(work).catch_unwind().await {
            return ended;
        }
        tracing::error!("a job panicked");
        // Its helm, if one ran, is being ended now; keep the store that long.
        let ended = self.context.settings.helm_grace + guard::MARGIN;
        pause(ended, holding.lost()).await;
        let detail = "The worker met a fault of its own.";
        Ended::Failed(Failure::new(FailureCode::Internal, detail))
    }

    fn wanted(&self) -> Result<Option<Wanted>, Failure> {
        let Goal::Present { spec } = &self.command.body.goal else {
            return Ok(None);
        };
        let settings = &self.context.settings;
        let invalid =
            |detail: String| Failure::new(FailureCode::ChartInvalid, detail).in_step(Step::Release);
        let values = values::render(spec).map_err(|error| invalid(error.to_string()))?;
        let chart = charts::pick(&settings.chart, settings.charts(), spec.chart.as_deref())
            .map_err(|error| invalid(error.to_string()))?;
        let shape = values::shape(spec).map_err(|error| invalid(error.to_string()))?;
        let files = settings.values_files();
        let [digest, shape] = [&values, &shape].map(|own| digest::of(&chart, &files, own));
        Ok(Some(Wanted {
            label: charts::label(&chart),
            digest: digest.map_err(|error| invalid(error.to_string()))?,
            shape: shape.map_err(|error| invalid(error.to_string()))?,
            chart,
            values,
        }))
    }

    /// Note the outcome on the Lease, for as long as the store is ours.
    async fn settle(&self, holding: &Holding, outcome: EventBody) -> Outcome {
        let gone = outcome == EventBody::Deleted;
        let tombstone = gone.then(|| self.command.body.not_after.saturating_add(TOMBSTONE));
        let mut failures = 0;
        loop {
            fault::point("worker.settle.before");
            let noted = holding
                .settle(self.command.attempt, &outcome, tombstone)
                .await;
            fault::point("worker.settle.after");
            let Err(error) = noted else {
                return Outcome::Settled(outcome);
            };
            if let Some(loss) = holding.loss() {
                return of_loss(loss);
            }
            failures += 1;
            tracing::warn!(error = %error.detail(), "the outcome is not yet noted");
            let again = pause(Backoff::RECONNECT.jittered(failures), self.stop);
            tokio::select! {
                stopped = again => if !stopped {
                    return Outcome::Open(deferred(Duration::ZERO, STOPS));
                },
                () = holding.lost().cancelled() => {}
            }
        }
    }
}

fn of_loss(loss: Loss) -> Outcome {
    match loss {
        Loss::Newer(newer) => Outcome::Open(EventBody::Stopped { newer }),
        Loss::Taken => Outcome::Open(deferred(MARGIN, TAKEN)),
        Loss::Expired => Outcome::Again,
    }
}

fn deferred(after: Duration, reason: &str) -> EventBody {
    EventBody::Deferred {
        until: OffsetDateTime::now_utc() + after,
        reason: reason.to_owned(),
    }
}
