//! The steps as people see them: each begins once, waits aloud, and ends before
//! the next one begins. Steps of the road that needed nothing are told too, so
//! that every try has the same shape.

use std::time::{Duration, Instant};

use shared::contract::command::Goal;
use shared::contract::event::EventBody;
use shared::step::Step;

use crate::converge::decide::Waiting;
use crate::report::Story;

/// What a create shows.
const PRESENT: &[Step] = &[
    Step::Namespace,
    Step::Credentials,
    Step::Release,
    Step::Rollout,
    Step::Storefront,
];
/// What a delete shows.
const ABSENT: &[Step] = &[Step::Purge];

/// A wait is told again after this long, in the same words: a sign of life, which
/// the api takes as the same event and by which it knows the try is not lost.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// Tells the steps of one try in order.
#[derive(Debug)]
pub struct Timeline<'a> {
    story: &'a Story,
    road: &'static [Step],
    told: Vec<Step>,
    open: Option<Step>,
    open_changed: bool,
    changed: bool,
    last: Option<Told>,
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
            Goal::Present { .. } => PRESENT,
            Goal::Absent => ABSENT,
        };
        Self {
            story,
            road,
            told: Vec::new(),
            open: None,
            open_changed: false,
            changed: false,
            last: None,
        }
    }

    /// The step that is under way.
    #[must_use]
    pub fn open(&self) -> Option<Step> {
        self.open
    }

    /// Whether anything was changed in the cluster.
    #[must_use]
    pub fn any_changed(&self) -> bool {
        self.changed
    }

    /// A step begins, unless it is under way.
    pub fn enter(&mut self, step: Step) {
        if self.open == Some(step) {
            return;
        }
        self.finish();
        for before in skipped(self.road, &self.told, step) {
            self.start(before);
            self.finish();
        }
        self.start(step);
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
        self.story.tell(EventBody::StepWaiting {
            step: waiting.step,
            message: waiting.message.clone(),
            cause: waiting.cause.clone(),
            run: 0,
        });
    }

    /// The step that is under way is done.
    pub fn finish(&mut self) {
        if let Some(step) = self.open.take() {
            let changed = std::mem::take(&mut self.open_changed);
            self.story.tell(EventBody::StepFinished {
                step,
                changed,
                run: 0,
            });
        }
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
        self.story.tell(EventBody::StepStarted { step, run: 0 });
    }
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
mod tests {
    use super::*;

    #[test]
    fn steps_that_needed_nothing_are_told_in_order() {
        assert_eq!(
            skipped(PRESENT, &[], Step::Release),
            [Step::Namespace, Step::Credentials]
        );
        assert_eq!(
            skipped(PRESENT, &[Step::Namespace], Step::Rollout),
            [Step::Credentials, Step::Release]
        );
        assert!(skipped(PRESENT, PRESENT, Step::Storefront).is_empty());
        assert!(skipped(PRESENT, &[], Step::Reset).is_empty());
        assert!(skipped(ABSENT, &[], Step::Purge).is_empty());
    }
    #[test]
    fn a_wait_is_told_for_each_reason_and_again_as_a_sign_of_life() {
        let wait = |message: &str| Waiting {
            step: Step::Rollout,
            message: message.to_owned(),
            cause: None,
        };
        let at = Instant::now();
        let told = Told {
            waiting: wait("0 of 1 pods ready"),
            at,
        };
        for (message, later, covered) in [
            ("0 of 1 pods ready", 9, true),
            ("0 of 1 pods ready", 10, false),
            ("set-up is running", 1, false),
        ] {
            let now = at + Duration::from_secs(later);
            assert_eq!(told.covers(&wait(message), now), covered, "{message}");
        }
    }
}
