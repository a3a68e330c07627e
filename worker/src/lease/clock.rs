//! The apiserver's time, from the `Date` of its answers. See `lease.rs` for why.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use k8s_openapi::jiff::{SignedDuration, Timestamp, fmt::rfc2822};

/// A `Date` header has whole seconds, cut off.
const GRAIN: Duration = Duration::from_secs(1);

/// What is known of the apiserver's time.
#[derive(Debug, Default)]
pub struct ServerClock {
    last: Mutex<Option<(Timestamp, Instant)>>,
}

impl ServerClock {
    /// Learn from an answer's `Date`; gives it back as a time that has passed.
    pub fn learn(&self, date: Option<&str>) -> Option<Timestamp> {
        let date = rfc2822::parse(date?).ok()?.timestamp();
        let mut last = self.last.lock().unwrap_or_else(|e| e.into_inner());
        *last = Some((date, Instant::now()));
        Some(date)
    }

    /// A time that has not passed yet on the apiserver (at most about a second
    /// ahead); before its first answer, our own.
    #[must_use]
    pub fn ahead(&self) -> Timestamp {
        let last = *self.last.lock().unwrap_or_else(|e| e.into_inner());
        last.map_or_else(Timestamp::now, |(date, learned)| {
            let passed = SignedDuration::try_from(learned.elapsed() + GRAIN);
            passed.map_or(date, |passed| date.saturating_add(passed).unwrap_or(date))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_ahead_of_the_header_by_its_grain() {
        let clock = ServerClock::default();
        let date = clock.learn(Some("Mon, 23 Nov 2026 17:28:35 GMT")).unwrap();

        let ahead = clock.ahead().duration_since(date);

        assert_eq!(date.to_string(), "2026-11-23T17:28:35Z");
        assert!(ahead >= SignedDuration::from_secs(1) && ahead < SignedDuration::from_secs(5));
    }

    #[test]
    fn a_strange_header_teaches_nothing() {
        let clock = ServerClock::default();
        assert_eq!(clock.learn(Some("yesterday")), None);
        assert_eq!(clock.learn(None), None);
    }
}
