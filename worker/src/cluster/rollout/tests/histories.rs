//! Ready is never seen early: 10,000 random histories of a Deployment and of a
//! StatefulSet, whose controllers write their status now and then, as the moment is.
//! What was there at the last of these moments is the truth; the verdict must not be
//! ahead of it. A second check keeps the test honest: verdicts do come.

use super::*;
use k8s_openapi::api::apps::v1::{DeploymentStatus, StatefulSetStatus};

/// Something that happens.
#[derive(Debug, Clone, Copy)]
enum Happens {
    /// Another template, of that many pods.
    Change(i32),
    /// A pod of the newest template is made, or a pod in this place becomes one.
    Make(usize),
    Ready(usize),
    Ill(usize),
    /// A pod of an older template is gone.
    Gone,
    /// The controller looks, and writes what it sees.
    Status,
}

/// A pod: the generation of its template, and whether it is ready.
type Pod = (i64, bool);

#[derive(Debug, Default)]
struct World {
    generation: i64,
    wanted: i32,
    pods: Vec<Pod>,
    /// At the controller's last look: which generation, and whether all had arrived.
    truth: Option<(i64, bool)>,
    /// The newest generation whose pods all were ready at a look.
    settled: i64,
}

impl World {
    fn count(&self, which: impl Fn(&Pod) -> bool) -> i32 {
        i32::try_from(self.pods.iter().filter(|pod| which(pod)).count()).unwrap()
    }

    /// `fixed`: places of pods are kept, as a StatefulSet does.
    fn happens(&mut self, what: Happens, fixed: bool) {
        let generation = self.generation;
        match what {
            Happens::Change(wanted) => {
                self.generation += 1;
                self.wanted = if fixed { 2 } else { wanted };
            }
            Happens::Make(place) if fixed && self.pods.len() == 2 => {
                self.pods[place % 2] = (generation, false);
            }
            Happens::Make(_) => self.pods.push((generation, false)),
            Happens::Ready(place) | Happens::Ill(place) => {
                let ready = matches!(what, Happens::Ready(_));
                let count = self.pods.len().max(1);
                if let Some(pod) = self.pods.get_mut(place % count) {
                    pod.1 = ready;
                }
            }
            Happens::Gone if !fixed => {
                let old = self.pods.iter().position(|pod| pod.0 < generation);
                old.map(|place| self.pods.remove(place));
            }
            Happens::Gone | Happens::Status => {}
        }
    }

    fn look(&mut self) {
        let new = |pod: &Pod| pod.0 == self.generation;
        let arrived =
            self.count(|pod| new(pod) && pod.1) >= self.wanted && self.count(|pod| !new(pod)) == 0;
        self.truth = Some((self.generation, arrived));
        if arrived {
            self.settled = self.generation;
        }
    }

    fn has_arrived(&self) -> bool {
        self.truth == Some((self.generation, true))
    }
}

/// Numbers by chance, the same in every run (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn anything(&mut self) -> Happens {
        let place = self.below(4);
        match self.below(21) {
            0 => Happens::Change(i32::try_from(place).unwrap() % 3),
            1..5 => Happens::Make(place),
            5..11 => Happens::Ready(place),
            11 => Happens::Ill(place),
            12..15 => Happens::Gone,
            _ => Happens::Status,
        }
    }
}

/// Run them all; how often the verdict was Complete.
fn completes(fixed: bool, verdict: impl Fn(&World, Option<&World>) -> bool) -> u64 {
    let (mut chance, mut found) = (Chance(0x9E37_79B9_7F4A_7C15), 0);
    for number in 0..10_000 {
        let (mut world, mut written) = (World::default(), None);
        world.happens(Happens::Change(1), fixed);
        for _ in 0..=chance.below(40) {
            let what = chance.anything();
            world.happens(what, fixed);
            if matches!(what, Happens::Status) {
                world.look();
                let pods = world.pods.clone();
                written = Some(World { pods, ..world });
            }
            if verdict(&world, written.as_ref()) {
                assert!(world.has_arrived(), "too early in {number}: {world:?}");
                found += 1;
            }
        }
    }
    found
}

#[test]
fn no_deployment_is_complete_before_its_pods_are_in_10_000_random_histories() {
    let completes = completes(false, |world, written| {
        let mut object = Deployment::default();
        object.metadata.generation = Some(world.generation);
        object.spec.get_or_insert_default().replicas = Some(world.wanted);
        object.status = written.map(|seen| DeploymentStatus {
            observed_generation: Some(seen.generation),
            replicas: Some(seen.count(|_| true)),
            updated_replicas: Some(seen.count(|pod| pod.0 == seen.generation)),
            available_replicas: Some(seen.count(|pod| pod.1)),
            ..DeploymentStatus::default()
        });
        deployment(&object) == Rollout::Complete
    });
    assert!(completes > 1_000, "{completes}");
}

#[test]
fn no_stateful_set_is_complete_before_its_pods_are_in_10_000_random_histories() {
    let completes = completes(true, |world, written| {
        let mut object = StatefulSet::default();
        object.metadata.generation = Some(world.generation);
        object.spec.get_or_insert_default().replicas = Some(world.wanted);
        object.status = written.map(|seen| StatefulSetStatus {
            observed_generation: Some(seen.generation),
            replicas: seen.count(|_| true),
            ready_replicas: Some(seen.count(|pod| pod.1)),
            updated_replicas: Some(seen.count(|pod| pod.0 == seen.generation)),
            current_revision: Some(seen.settled.to_string()),
            update_revision: Some(seen.generation.to_string()),
            ..StatefulSetStatus::default()
        });
        stateful_set(&object) == Rollout::Complete
    });
    assert!(completes > 1_000, "{completes}");
}
