//! What this try has done so far, so that it does not run in circles. It dies
//! with the try; nothing here is needed to go on after a crash.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use shared::failure::{Failure, FailureCode};
use shared::step::Step;

use crate::converge::decide::Waiting;

/// A cause that was not seen for this long is over.
const BREAK: Duration = Duration::from_secs(15);
/// Between two tries to make room, so that the first may have its effect.
const ROOM: Duration = Duration::from_secs(3);
/// Between two looks at the hosts of the whole cluster.
const HOSTS: Duration = Duration::from_secs(10);

/// What was done and seen in this try.
#[derive(Debug, Default)]
pub struct Taken {
    done: BTreeMap<Step, u32>,
    again: BTreeMap<Step, (u32, String)>,
    failures: BTreeMap<Step, Failure>,
    last_wait: Option<Waiting>,
    waits: BTreeSet<Step>,
    causes: BTreeMap<FailureCode, (Instant, Instant)>,
    verified: Option<i64>,
    applied: bool,
    hosts_asked: Option<Instant>,
    room_made: Option<Instant>,
    given_up: Option<Failure>,
    rolled_back: Option<Instant>,
    answers_since: Option<Instant>,
    may_work: bool,
    forbidden_since: Option<Instant>,
}

impl Taken {
    /// A step came to its end.
    pub fn done(&mut self, step: Step) {
        *self.done.entry(step).or_default() += 1;
        if step == Step::Rollback {
            self.rolled_back = Some(Instant::now());
        }
        self.again.remove(&step);
        self.last_wait = None;
    }

    /// The cluster did not answer; when it does again, what it has to do itself
    /// begins anew, and no cause has lasted.
    pub fn was_away(&mut self) {
        self.answers_since = Some(Instant::now());
        self.causes.clear();
    }

    /// For how long the cluster has answered this try without a break.
    #[must_use]
    pub fn answered_for(&mut self) -> Duration {
        self.answers_since
            .get_or_insert_with(Instant::now)
            .elapsed()
    }

    /// A step found something else than was seen before it.
    pub fn again(&mut self, step: Step, why: &str) {
        let (times, last) = self.again.entry(step).or_default();
        *times += 1;
        why.clone_into(last);
    }

    /// A step failed.
    pub fn failed(&mut self, step: Step, failure: Failure) {
        self.failures.insert(step, failure);
    }

    /// What is wanted will not arrive.
    pub fn give_up(&mut self, failure: Failure) {
        self.given_up = Some(failure);
    }

    /// Why it will not, if so.
    #[must_use]
    pub fn given_up(&self) -> Option<&Failure> {
        self.given_up.as_ref()
    }

    /// Since when the release is what it was before, if so.
    #[must_use]
    pub fn since_rollback(&self) -> Option<Duration> {
        self.rolled_back.map(|at| at.elapsed())
    }

    /// How often a step came to its end.
    #[must_use]
    pub fn count(&self, step: Step) -> u32 {
        self.done.get(&step).copied().unwrap_or(0)
    }

    /// How often, in a row, a step found something else than was seen before
    /// it, and what it said last.
    #[must_use]
    pub fn surprises(&self, step: Step) -> (u32, &str) {
        let found = self.again.get(&step);
        found.map_or((0, ""), |(times, last)| (*times, last.as_str()))
    }

    /// How a step failed, if it did.
    #[must_use]
    pub fn failure(&self, step: Step) -> Option<&Failure> {
        self.failures.get(&step)
    }

    /// What is being waited for.
    pub fn waited(&mut self, waiting: &Waiting) {
        self.last_wait = Some(waiting.clone());
        self.waits.insert(waiting.step);
    }

    /// Whether this try has waited in that step.
    #[must_use]
    pub fn has_waited(&self, step: Step) -> bool {
        self.waits.contains(&step)
    }

    /// For how long this cause has been seen, until now. A short break (a
    /// container that runs for a moment between two crashes) is none.
    pub fn lasting(&mut self, cause: Option<FailureCode>) -> Duration {
        let now = Instant::now();
        self.causes
            .retain(|_, (_, last)| now.duration_since(*last) < BREAK);
        let Some(code) = cause else {
            return Duration::ZERO;
        };
        let (since, last) = self.causes.entry(code).or_insert((now, now));
        *last = now;
        now.duration_since(*since)
    }

    /// Whether it is time to look who else claims the store's host: it takes a
    /// list of the whole cluster, so not at every look.
    pub fn is_time_for_hosts(&mut self) -> bool {
        let now = Instant::now();
        let asked = self.hosts_asked;
        if asked.is_some_and(|asked| now.duration_since(asked) < HOSTS) {
            return false;
        }
        self.hosts_asked = Some(now);
        true
    }

    /// Whether it is time to make room for pods that a quota refuses.
    #[must_use]
    pub fn is_time_for_room(&self) -> bool {
        self.room_made.is_none_or(|made| made.elapsed() >= ROOM)
    }

    /// Room is made for them now.
    pub fn makes_room(&mut self) {
        self.room_made = Some(Instant::now());
    }

    /// All objects of that revision were seen in this try.
    pub fn verified(&mut self, revision: i64) {
        self.verified = Some(revision);
    }

    /// We are about to change objects ourselves.
    pub fn forget_verified(&mut self) {
        self.verified = None;
        self.applied = false;
    }

    /// The store is ours again, after it may have been another's.
    pub fn held_anew(&mut self) {
        self.applied = false;
    }

    /// helm has just made every object of what is wanted, and was refused none.
    pub fn applied(&mut self) {
        self.applied = true;
    }

    /// Whether all objects of that revision, if it is the wanted one, were seen or made
    /// in this try.
    #[must_use]
    pub fn has_verified(&self, revision: i64) -> bool {
        self.applied || self.verified == Some(revision)
    }

    /// Whether our rights in the namespace were seen to be as they should be.
    #[must_use]
    pub fn may_work(&self) -> bool {
        self.may_work
    }

    /// They are, or they are not.
    pub fn can_work(&mut self, can: bool) {
        self.may_work = can;
    }

    /// A look met something forbidden: our rights are looked at anew. For how long
    /// that has been so.
    pub fn was_forbidden(&mut self) -> Duration {
        self.may_work = false;
        self.forbidden_since
            .get_or_insert_with(Instant::now)
            .elapsed()
    }

    /// A look met nothing forbidden.
    pub fn was_allowed(&mut self) {
        self.forbidden_since = None;
    }

    /// The failure of a try whose time is up: the cause that was last seen, or
    /// what was last waited for.
    #[must_use]
    pub fn out_of_time(&self) -> Failure {
        let Some(waiting) = &self.last_wait else {
            return Failure::new(FailureCode::Timeout, "");
        };
        match &waiting.cause {
            Some(cause) => cause.clone().in_step(waiting.step),
            None => {
                let detail = format!("Last: {}.", waiting.message);
                Failure::new(FailureCode::Timeout, detail).in_step(waiting.step)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_lasts_over_a_short_break_and_for_itself() {
        let mut taken = Taken::default();
        assert_eq!(taken.lasting(Some(FailureCode::CrashLoop)), Duration::ZERO);
        assert_eq!(taken.lasting(None), Duration::ZERO);
        assert_eq!(taken.lasting(Some(FailureCode::ImagePull)), Duration::ZERO);
        assert!(taken.lasting(Some(FailureCode::CrashLoop)) > Duration::ZERO);

        let long_ago = Instant::now().checked_sub(BREAK).unwrap();
        taken
            .causes
            .insert(FailureCode::CrashLoop, (long_ago, long_ago));
        assert_eq!(taken.lasting(Some(FailureCode::CrashLoop)), Duration::ZERO);
    }

    #[test]
    fn what_helm_made_is_looked_for_once_the_store_was_anothers() {
        let mut taken = Taken::default();
        taken.applied();
        assert!(taken.has_verified(2));
        taken.held_anew();
        assert!(!taken.has_verified(2));
        taken.verified(2);
        assert!(taken.has_verified(2) && !taken.has_verified(3));
    }

    #[test]
    fn when_time_is_up_the_last_cause_is_the_failure() {
        let mut taken = Taken::default();
        assert_eq!(taken.out_of_time().code, FailureCode::Timeout);

        let mut waiting = Waiting {
            step: Step::Rollout,
            message: "0 of 1 pods ready".to_owned(),
            cause: None,
        };
        taken.waited(&waiting);
        let failure = taken.out_of_time();
        assert_eq!(failure.code, FailureCode::Timeout);
        assert!(failure.message.contains("0 of 1 pods ready"));

        waiting.cause = Some(Failure::new(FailureCode::Unschedulable, "no node"));
        taken.waited(&waiting);
        let failure = taken.out_of_time();
        assert_eq!(failure.code, FailureCode::Unschedulable);
        assert_eq!(failure.step, Some(Step::Rollout));
    }
}
