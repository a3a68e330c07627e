//! How long to wait before trying again. Pure.

use std::time::Duration;

use rand::RngExt as _;

/// Exponential growth with full jitter between a floor and a ceiling.
///
/// Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Upper bound of the first wait.
    pub base: Duration,
    /// Upper bound of every wait.
    pub max: Duration,
}

impl Backoff {
    /// For a connection that went away: 200 ms to 5 s.
    pub const RECONNECT: Self = Self {
        base: Duration::from_millis(200),
        max: Duration::from_secs(5),
    };

    /// The upper bound of the wait after `failures` failures in a row (from 1).
    #[must_use]
    pub fn bound(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        self.base.saturating_mul(1 << doublings).min(self.max)
    }

    /// A wait between half the bound and the bound, so that it never is zero.
    #[must_use]
    pub fn jittered(self, failures: u32) -> Duration {
        self.bound(failures)
            .mul_f64(rand::rng().random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_its_ceiling() {
        let backoff = Backoff {
            base: Duration::from_secs(1),
            max: Duration::from_secs(60),
        };
        let bounds: Vec<u64> = (1..=8).map(|n| backoff.bound(n).as_secs()).collect();
        assert_eq!(bounds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff.bound(u32::MAX), Duration::from_secs(60));
    }

    #[test]
    fn jitter_stays_between_half_and_whole() {
        let backoff = Backoff {
            base: Duration::from_secs(1),
            max: Duration::from_secs(60),
        };
        for failures in 1..100 {
            let wait = backoff.jittered(failures);
            assert!(wait >= backoff.bound(failures) / 2 && wait <= backoff.bound(failures));
        }
    }
}
