//! Named points at which a test ends or halts a program, and protections that a
//! test takes out. Only a build with the feature `faults` has them: in every
//! other build both functions are empty, and a test looks for [`MARK`] in the
//! release's programs to prove it.
//!
//! A folder named by `URUMI_FAULTS` steers them. `hits` receives a line for each
//! point that is passed. `armed` holds `<point> kill` or `<point> stop`: the first
//! process to pass that point renames the file to `fired` and then ends or halts
//! itself. `without` holds the names of protections that are not there.

/// Where a point stands, and on the way of which operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Its name: program, part, moment.
    pub name: &'static str,
    /// On the way of a create.
    pub create: bool,
    /// On the way of an update.
    pub update: bool,
    /// On the way of a delete.
    pub delete: bool,
}

impl Point {
    /// A point on every way.
    #[must_use]
    pub const fn every(name: &'static str) -> Self {
        Self::on(name, true, true, true)
    }

    /// A point on some ways.
    #[must_use]
    pub const fn on(name: &'static str, create: bool, update: bool, delete: bool) -> Self {
        Self {
            name,
            create,
            update,
            delete,
        }
    }
}

/// The points of the api. A point on no way stands on the road of a stop (control)
/// or of a command that was lost (watchdog).
pub const API: &[Point] = &[
    Point::every("api.request.commit.before"),
    Point::every("api.request.commit.after"),
    Point::every("api.relay.publish.before"),
    Point::every("api.relay.mark.before"),
    Point::every("api.relay.mark.after"),
    Point::every("api.projector.apply.before"),
    Point::every("api.projector.ack.before"),
    Point::every("api.projector.ack.after"),
    Point::on("api.control.publish.before", false, false, false),
    Point::on("api.control.publish.after", false, false, false),
    Point::on("api.watchdog.republish.before", false, false, false),
    Point::on("api.watchdog.republish.after", false, false, false),
];

/// The points of the worker and of helm's guard. A point on no way stands on the
/// road of a repair or of a stop: it is met after another point or a failure, or
/// (control) when an operation that runs is superseded or cancelled.
pub const WORKER: &[Point] = &[
    Point::every("worker.command.received"),
    Point::every("worker.lease.acquire.before"),
    Point::every("worker.lease.acquire.after"),
    Point::on("worker.namespace.before", true, false, false),
    Point::on("worker.namespace.after", true, false, false),
    Point::on("worker.credentials.before", true, false, false),
    Point::on("worker.credentials.after", true, false, false),
    Point::on("worker.unlock.before", false, false, false),
    Point::on("worker.unlock.after", false, false, false),
    Point::on("worker.reset.before", false, false, false),
    Point::on("worker.reset.after", false, false, false),
    Point::on("worker.release.before", true, true, false),
    Point::on("worker.helm.before", true, true, false),
    Point::on("guard.helm.before", true, true, false),
    Point::on("guard.helm.started", true, true, false),
    Point::on("worker.helm.running", true, true, false),
    Point::on("guard.helm.after", true, true, false),
    Point::on("worker.helm.after", true, true, false),
    Point::on("worker.release.after", true, true, false),
    Point::on("worker.rollback.before", false, false, false),
    Point::on("worker.rollback.after", false, false, false),
    Point::on("worker.rollout.waiting", true, true, false),
    Point::on("worker.rollout.before", false, false, false),
    Point::on("worker.rollout.after", false, false, false),
    Point::on("worker.storefront.before", true, true, false),
    Point::on("worker.storefront.after", true, true, false),
    Point::on("worker.purge.before", false, false, true),
    Point::on("worker.purge.waiting", false, false, true),
    Point::on("worker.purge.after", false, false, true),
    Point::every("worker.arrive.before"),
    Point::every("worker.arrive.after"),
    Point::every("worker.settle.before"),
    Point::every("worker.settle.after"),
    Point::every("worker.event.before"),
    Point::every("worker.event.after"),
    Point::every("worker.outcome.before"),
    Point::every("worker.outcome.after"),
    Point::every("worker.lease.release.before"),
    Point::every("worker.lease.release.after"),
    Point::every("worker.ack.before"),
    Point::every("worker.ack.after"),
    Point::on("worker.control.before", false, false, false),
    Point::on("worker.control.after", false, false, false),
];

/// The protections that a test may take out, and what is then as it must not be.
pub const PROTECTIONS: &[&str] = &[
    // The api: what is to be said is forgotten before it is said.
    "outbox",
    // An event that comes again is taken for a new one.
    "inbox",
    // A message that the broker refused or handed back counts as sent.
    "ack-none",
    // An older generation's events change the store.
    "projector-generation",
    // The worker: a command is acknowledged when it comes.
    "ack-after-effect",
    // A store that somebody holds is taken, and one that was lost is worked on.
    "fencing",
    // The outcome on the Lease is not asked for.
    "settled",
    // helm outlives its worker and its limit.
    "helm-guard",
    // A store is ready without an answer of its shop.
    "probe",
];

#[cfg(feature = "faults")]
pub use armed::{MARK, point, without};

/// Nothing, in this build.
#[cfg(not(feature = "faults"))]
#[inline]
pub fn point(_: &'static str) {}

/// Never, in this build.
#[cfg(not(feature = "faults"))]
#[inline]
#[must_use]
pub fn without(_: &'static str) -> bool {
    false
}

#[cfg(feature = "faults")]
mod armed {
    use std::fs::{self, OpenOptions};
    use std::io::Write as _;
    use std::path::PathBuf;
    use std::time::Duration;

    use rustix::process::{Signal, getpid, kill_process};

    use super::{API, PROTECTIONS, WORKER};

    /// Stands in every program that was built with faults.
    pub const MARK: &str = "URUMI_FAULTS";

    /// Until a halt has reached every thread.
    const HALT: Duration = Duration::from_millis(500);

    /// A test may end the program here.
    ///
    /// # Panics
    /// If the name is not in the tables.
    pub fn point(name: &'static str) {
        let known = API.iter().chain(WORKER).any(|point| point.name == name);
        assert!(known, "`{name}` is not among the points");
        let Some(folder) = folder() else { return };
        let hits = OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("hits"));
        if let Ok(mut hits) = hits {
            // One short write: lines of several processes do not mix.
            let _ = hits.write_all(format!("{name} {}\n", std::process::id()).as_bytes());
        }
        let armed = folder.join("armed");
        let Ok(text) = fs::read_to_string(&armed) else {
            return;
        };
        let mut words = text.split_whitespace();
        if words.next() != Some(name) || fs::rename(&armed, folder.join("fired")).is_err() {
            return;
        }
        if words.next() != Some("stop") {
            let _ = kill_process(getpid(), Signal::KILL);
            return;
        }
        let _ = kill_process(getpid(), Signal::STOP);
        // A halt reaches this thread a moment later than the one that takes the
        // signal: it must not go on meanwhile.
        #[expect(
            clippy::disallowed_methods,
            reason = "nothing tells that a halt is complete"
        )]
        std::thread::sleep(HALT);
    }

    /// Whether that protection is taken out.
    ///
    /// # Panics
    /// If the name is not in the table.
    #[must_use]
    pub fn without(protection: &'static str) -> bool {
        let known = PROTECTIONS.contains(&protection);
        assert!(known, "`{protection}` is not among the protections");
        let text = folder().and_then(|folder| fs::read_to_string(folder.join("without")).ok());
        text.is_some_and(|text| text.split_whitespace().any(|name| name == protection))
    }

    /// Not a setting: no such build is shipped.
    fn folder() -> Option<PathBuf> {
        std::env::var_os(MARK).map(PathBuf::from)
    }
}

#[cfg(all(test, feature = "faults"))]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = API.iter().chain(WORKER).map(|point| point.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
