//! How a try looks, and when again. Whatever has an effect follows from a full look; in a
//! namespace that the try has just made, a full look lists nothing.
//! Between two of these, while there is nothing to do but wait, it glances at what the
//! watches tell, which lists nothing.

use std::time::{Duration, Instant};

use shared::backoff::Backoff;
use shared::contract::command::Goal;
use shared::step::Step;

use crate::cluster::ClusterError;
use crate::cluster::wake::Wake;
use crate::converge::Job;
use crate::converge::decide::{Next, Waiting};
use crate::converge::observe::{self, Ground, Known};
use crate::converge::observed::{Namespace, Observed};
use crate::converge::taken::Taken;

/// Between two looks, if nothing wakes us before.
const LOOK: Duration = Duration::from_secs(2);
/// Between two full looks, whatever is seen in between.
const FULL: Duration = Duration::from_secs(5);
/// Between two looks at a shop that is about to answer: an ingress learns within
/// milliseconds of a pod that we have just seen ready; one that does not is asked less
/// and less.
const SHOP: Backoff = Backoff {
    base: Duration::from_millis(10),
    max: Duration::from_millis(200),
};

/// How one try looks.
#[derive(Debug, Default)]
pub struct Looks {
    wake: Option<Wake>,
    ground: Option<Ground>,
    /// What was glanced at is to be seen in full: whether the shop answered.
    again: Option<bool>,
    /// Looks at a silent shop since something changed.
    silences: u32,
    /// Whether there can be anything to list.
    fresh: Fresh,
}

/// Whether nothing can be in the namespace but what this try has put there: it was seen
/// not to be there, this try has made it since (which fails if somebody else does), and
/// has run no helm. How often the namespace had been made when it was seen not to be there.
#[derive(Debug, Default)]
struct Fresh(Option<u32>);

impl Fresh {
    /// A look's finding; `made`: so often has this try made the namespace.
    fn saw(&mut self, namespace: &Namespace, made: u32) {
        self.0 = match namespace {
            Namespace::Absent => Some(made),
            Namespace::Ours { .. } if self.is_bare(made) => self.0,
            _ => None,
        };
    }

    /// Whatever comes of the step: helm may have left something.
    fn acted(&mut self, step: Step) {
        if !matches!(step, Step::Namespace | Step::Credentials) {
            self.0 = None;
        }
    }

    fn is_bare(&self, made: u32) -> bool {
        self.0.is_some_and(|before| made > before)
    }
}

impl Looks {
    /// One look, which is a glance where that will do.
    ///
    /// # Errors
    /// [`ClusterError`]: nothing can be said. The next look is a full one.
    pub async fn look(
        &mut self,
        job: &Job<'_>,
        taken: &mut Taken,
    ) -> Result<(Observed, Depth), ClusterError> {
        let before = self.ground.take();
        let again = self.again.take();
        let facts = self.wake.as_ref().and_then(Wake::facts);
        if let (Some(ground), Some(facts), None) = (&before, facts, again)
            && ground.age() < FULL
        {
            let seen = observe::glance(job, taken, ground, facts).await?;
            self.ground = before;
            return Ok((seen, Depth::Glance));
        }
        let made = taken.count(Step::Release) + taken.count(Step::Rollback) > 0;
        let begins = made && self.wake.is_none();
        let begun = begins.then(|| &*self.wake.insert(wake_for(job)));
        let makings = taken.count(Step::Namespace);
        let present = matches!(job.command.body.goal, Goal::Present { .. });
        let known = Known {
            ours: present && (makings > 0 || job.command.body.ever_ready),
            bare: self.fresh.is_bare(makings),
            in_force: before.is_some(),
            answers: again == Some(true),
            begun,
        };
        let (seen, ground, depth) = observe::observe(job, taken, known).await?;
        self.ground = ground;
        self.fresh.saw(&seen.namespace, makings);
        Ok((seen, depth))
    }

    /// Whether what follows may be done upon such a look. If not, the next look is a
    /// full one.
    pub fn suffices(&mut self, depth: Depth, seen: &Observed, next: &Next) -> bool {
        if may_follow(depth, next) {
            return true;
        }
        self.again = Some(seen.storefront == Some(Ok(())));
        false
    }

    /// We changed something ourselves: what was seen before it counts no more.
    pub fn acted(&mut self, step: Step) {
        self.fresh.acted(step);
        match step {
            // That has no effect on the cluster.
            Step::Storefront => {}
            Step::Rollout => self.ground = None,
            Step::Namespace
            | Step::Credentials
            | Step::Unlock
            | Step::Reset
            | Step::Release
            | Step::Rollback
            | Step::Purge => {
                self.ground = None;
                self.wake = None;
            }
        }
    }

    /// Until it is time to look again.
    pub async fn wait(&mut self, job: &Job<'_>, waiting: &Waiting) {
        let longest = if waiting.step == Step::Storefront {
            self.silences = self.silences.saturating_add(1);
            SHOP.bound(self.silences)
        } else {
            self.silences = 0;
            LOOK
        };
        let until = job.deadline.saturating_duration_since(Instant::now());
        let wake = self.wake.get_or_insert_with(|| wake_for(job));
        let changed = tokio::select! {
            changed = wake.next(longest.min(until), job.stop) => changed,
            () = job.holding.lost().cancelled() => false,
        };
        if changed {
            self.silences = 0;
        }
    }
}

/// How much of a store was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// All of it, by asking.
    Full,
    /// The workloads, as watches tell of them.
    Glance,
}

/// A glance may make us wait, and begin to ask the shop. Pure.
fn may_follow(depth: Depth, next: &Next) -> bool {
    match next {
        Next::Wait(_) | Next::Do(Step::Storefront) => true,
        Next::Do(_) | Next::Done | Next::Stuck(_) | Next::GiveUp(_) | Next::Back(_) => {
            depth == Depth::Full
        }
    }
}

fn wake_for(job: &Job<'_>) -> Wake {
    let store = job.command.store_id.as_str();
    match job.command.body.goal {
        Goal::Present { .. } => Wake::on_workloads(&job.context.cluster, store),
        Goal::Absent => Wake::on_namespace(&job.context.cluster, store),
    }
}

#[cfg(test)]
mod tests {
    use shared::failure::{Failure, FailureCode};

    use super::*;

    #[test]
    fn a_silent_shop_is_asked_soon_and_then_as_seldom_as_ever() {
        let waits: Vec<u128> = (1..=7).map(|n| SHOP.bound(n).as_millis()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 200, 200]);
    }

    #[test]
    fn a_namespace_is_bare_only_if_this_try_has_made_it_and_run_no_helm() {
        let ours = Namespace::Ours {
            uid: "u-1".to_owned(),
            ever_ready: false,
            ready_revision: None,
            labelled: true,
        };
        let after = |looks: &[(&Namespace, u32)], steps: &[Step]| {
            let mut fresh = Fresh::default();
            for (namespace, made) in looks {
                fresh.saw(namespace, *made);
            }
            for step in steps {
                fresh.acted(*step);
            }
            fresh
        };
        let absent = &Namespace::Absent;
        let steps = [Step::Namespace, Step::Credentials];
        assert!(after(&[(absent, 0), (&ours, 1)], &steps).is_bare(1));

        // It was there; or came while ours failed to be made, the second time too.
        assert!(!after(&[(&ours, 0), (&ours, 1)], &steps).is_bare(1));
        assert!(!after(&[(absent, 0), (&ours, 0)], &steps).is_bare(1));
        assert!(!after(&[(absent, 0), (&ours, 1), (absent, 1), (&ours, 1)], &steps).is_bare(1));
        assert!(!after(&[(absent, 0)], &[]).is_bare(0));
        for step in [Step::Release, Step::Reset, Step::Unlock, Step::Rollback] {
            let fresh = after(&[(absent, 0), (&ours, 1)], &[step]);
            assert!(!fresh.is_bare(1), "{step:?}");
        }
    }

    #[test]
    fn nothing_is_done_or_said_upon_a_glance() {
        let failure = || Failure::new(FailureCode::Timeout, "");
        let waiting = Waiting {
            step: Step::Rollout,
            message: String::new(),
            cause: None,
        };
        for (next, expected) in [
            (Next::Wait(waiting), true),
            (Next::Do(Step::Storefront), true),
            (Next::Do(Step::Rollout), false),
            (Next::Do(Step::Release), false),
            (Next::Done, false),
            (Next::Stuck(failure()), false),
            (Next::GiveUp(failure()), false),
            (Next::Back(failure()), false),
        ] {
            assert_eq!(may_follow(Depth::Glance, &next), expected, "{next:?}");
            assert!(may_follow(Depth::Full, &next), "{next:?}");
        }
    }
}
