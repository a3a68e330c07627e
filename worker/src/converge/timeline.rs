//! The steps as people see them: each begins once, waits aloud, and ends before
//! the next one begins. Steps of the road that needed nothing are told too, so
//! that every try has the same shape.
//!
//! Each run of a step has its number: those of a later holder are greater than
//! those of an earlier one, and a try without trouble has only runs 0.

use std::time::{Duration, Instant};

use shared::contract::command::Goal;
use shared::contract::event::EventBody;
use shared::step::Step;
use tracing::Span;
use tracing::field::Empty;

use crate::converge::decide::Waiting;
use crate::metrics::METRICS;
use crate::report::Story;

/// What a create shows.
const PRESENT: &[Step] = &[
    Step::Namespace,
    Step::Credentials,
    Step::Release,
    Step::Rollout,
    Step::Storefront,
];
/// What a suspension shows: no shop answers, and none is asked.
const AT_REST: &[Step] = &[
    Step::Namespace,
    Step::Credentials,
    Step::Release,
    Step::Rollout,
];
/// What a delete shows.
const ABSENT: &[Step] = &[Step::Purge];

/// A wait is told again after this long, in the same words: a sign of life, which
/// the api takes as the same event and by which it knows the try is not lost.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// Runs of one step that a holder can tell apart; far more than it ever makes.
const RUNS: u32 = 100;

/// Tells the steps of one try in order.
#[derive(Debug)]
pub struct Timeline<'a> {
    story: &'a Story,
    road: &'static [Step],
    told: Vec<Step>,
    turn: u32,
    open: Option<Step>,
    open_changed: bool,
    changed: bool,
    failed: Option<(Step, u32)>,
    last: Option<Told>,
    span: Span,
    begun: Instant,
}

/// A wait that was told, and when.
#[derive(Debug)]
struct Told {
    waiting: Waiting,
    at: Instant,
}

impl Told {
    /// Whether that wait need not be told now.
    fn covers(&self, waiting: &Waiting, now: Instant) -> bool {
        let code = |w: &Waiting| w.cause.as_ref().map(|cause| cause.code);
        let last = &self.waiting;
        last.step == waiting.step
            && last.message == waiting.message
            && code(last) == code(waiting)
            && now.saturating_duration_since(self.at) < SIGN_OF_LIFE
    }
}

impl<'a> Timeline<'a> {
    /// Nothing told yet.
    #[must_use]
    pub fn new(goal: &Goal, story: &'a Story) -> Self {
        let road = match goal {
            Goal::Present { spec } if spec.suspended => AT_REST,
            Goal::Present { .. } => PRESENT,
            Goal::Absent => ABSENT,
        };
        Self {
            story,
            road,
            told: Vec::new(),
            turn: 0,
            open: None,
            open_changed: false,
            changed: false,
            failed: None,
            last: None,
            span: Span::none(),
            begun: Instant::now(),
        }
    }

    /// The store is ours, after so many holders of the same try: the road is told
    /// from its beginning.
    pub fn held(&mut self, turn: u32) {
        self.turn = turn;
        self.told.clear();
        self.open = None;
        self.failed = None;
        self.last = None;
        self.span = Span::none();
    }

    /// Which run of that step is the last that was told; without a step, the
    /// first of this holder.
    #[must_use]
    pub fn run_of(&self, step: Option<Step>) -> u32 {
        run(self.turn, &self.told, step)
    }

    /// Which run of that step a failure is about: the one that failed, also where
    /// the way back took another since.
    #[must_use]
    pub fn run_that_failed(&self, step: Option<Step>) -> u32 {
        match self.failed {
            Some((failed, run)) if Some(failed) == step => run,
            _ => self.run_of(step),
        }
    }

    /// The step that is under way.
    #[must_use]
    pub fn open(&self) -> Option<Step> {
        self.open
    }

    /// The span of the step that is under way.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// Whether anything was changed in the cluster.
    #[must_use]
    pub fn any_changed(&self) -> bool {
        self.changed
    }

    /// A step begins, unless it is under way. One that a rollback follows has failed.
    pub fn enter(&mut self, step: Step) {
        if self.open == Some(step) {
            return;
        }
        if step == Step::Rollback {
            self.fail();
        } else {
            self.finish();
        }
        for before in skipped(self.road, &self.told, step) {
            self.start(before);
            self.finish();
        }
        self.start(step);
    }

    /// A step failed: people see where. One that was told before (a release, after
    /// its rollback) is not begun again for that.
    pub fn enter_once(&mut self, step: Step) {
        if !self.told.contains(&step) {
            self.enter(step);
        }
    }

    /// The step that is under way changed something, or not.
    pub fn changed(&mut self, changed: bool) {
        self.open_changed |= changed;
        self.changed |= changed;
    }

    /// The step waits; told for each reason, and again as a sign of life.
    pub fn wait(&mut self, waiting: &Waiting) {
        let now = Instant::now();
        if self
            .last
            .as_ref()
            .is_some_and(|told| told.covers(waiting, now))
        {
            return;
        }
        self.last = Some(Told {
            waiting: waiting.clone(),
            at: now,
        });
        self.tell(EventBody::StepWaiting {
            step: waiting.step,
            message: waiting.message.clone(),
            cause: waiting.cause.clone(),
            run: self.run_of(Some(waiting.step)),
        });
    }

    /// The step that is under way is done.
    pub fn finish(&mut self) {
        self.end(false);
    }

    /// The step that is under way failed, and the try goes on without it.
    pub fn fail(&mut self) {
        self.end(true);
    }

    fn end(&mut self, failed: bool) {
        let Some(step) = self.open.take() else {
            return;
        };
        let run = self.run_of(Some(step));
        if failed {
            self.failed.get_or_insert((step, run));
        }
        let changed = std::mem::take(&mut self.open_changed);
        METRICS.step(step, failed, self.begun.elapsed());
        self.span.record("changed", changed);
        if failed {
            self.span.record("otel.status_code", "ERROR");
        }
        self.tell(EventBody::StepFinished {
            step,
            changed,
            failed,
            run,
        });
        self.span = Span::none();
    }

    /// In the step's span: what comes of it belongs there.
    fn tell(&self, body: EventBody) {
        self.span.in_scope(|| self.story.tell(body));
    }

    /// The goal is true: the rest of the road needed nothing.
    pub fn arrive(&mut self) {
        self.finish();
        let told = std::mem::take(&mut self.told);
        for step in self.road.iter().filter(|step| !told.contains(step)) {
            self.start(*step);
            self.finish();
        }
    }

    fn start(&mut self, step: Step) {
        self.open = Some(step);
        self.open_changed = false;
        self.last = None;
        self.told.push(step);
        let run = self.run_of(Some(step));
        self.begun = Instant::now();
        self.span = tracing::debug_span!(
            "step",
            otel.name = format!("step {}", step.as_str()),
            otel.status_code = Empty,
            step = step.as_str(),
            run,
            changed = Empty,
        );
        self.tell(EventBody::StepStarted { step, run });
    }
}

/// The number of the last told run of a step.
fn run(turn: u32, told: &[Step], step: Option<Step>) -> u32 {
    let runs = told.iter().filter(|told| Some(**told) == step).count();
    let before = u32::try_from(runs.saturating_sub(1)).unwrap_or(RUNS);
    turn.saturating_mul(RUNS)
        .saturating_add(before.min(RUNS - 1))
}

/// Steps of the road before this one that were not told yet.
fn skipped(road: &[Step], told: &[Step], step: Step) -> Vec<Step> {
    let Some(here) = road.iter().position(|s| *s == step) else {
        return Vec::new();
    };
    let before = road[..here].iter().copied();
    before.filter(|step| !told.contains(step)).collect()
}

#[cfg(test)]
mod tests;
