//! What worker and guard say to each other: one request line on the guard's
//! standard input, then a line for each renewal of the lease; one reply on its
//! standard output. The open end of the input is the worker's sign of life.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// A moment on the machine's monotonic clock, which is the same for all of its
/// processes. In nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment(u64);

impl Moment {
    /// The same moment for another process.
    #[must_use]
    pub fn of(instant: Instant) -> Self {
        // In this order: a halt between the two makes it earlier, never later.
        let now = clock();
        let left = instant.saturating_duration_since(Instant::now());
        Self(now.saturating_add(u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// How long it is until then.
    #[must_use]
    pub fn left(self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(clock()))
    }
}

fn clock() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let now = Duration::try_from(now).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

/// One program to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Path or name.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment.
    pub env: Vec<(String, String)>,
    /// What it reads on its standard input.
    pub stdin: String,
    /// After this it is ended.
    pub limit_ms: u64,
    /// From TERM to KILL.
    pub grace_ms: u64,
    /// When the store is no longer ours, unless a later line says otherwise.
    pub until: Moment,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// By itself.
    Exited,
    /// The limit passed.
    Limit,
    /// The worker went away or gave up, or its hand on the store came to its end.
    Abandoned,
    /// It could not be started.
    NotStarted,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// How it ended.
    pub end: End,
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The last part of its standard output.
    pub stdout: String,
    /// The last part of its standard error.
    pub stderr: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_means_the_same_to_another_process() {
        let later = Moment::of(Instant::now() + Duration::from_secs(60));
        let text = serde_json::to_string(&later).unwrap();
        let read: Moment = serde_json::from_str(&text).unwrap();

        let left = read.left();
        assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(50));
        assert_eq!(Moment::of(Instant::now()).left(), Duration::ZERO);
    }
}
