//! How many requests one principal may send, or one address without a principal: a
//! bucket for each, in this process alone. Nothing is counted where no rate is set.
//! However many there are, no more than [`MANY`] have a bucket of their own: the
//! others share one, so that nobody fills our memory with addresses.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::{DefaultKeyedStateStore, ShrinkableKeyedStateStore};
use governor::{Quota, RateLimiter};

/// Buckets that are kept before the full ones are dropped.
const MANY: usize = 10_000;
/// Between two looks for full ones.
const SWEEP: Duration = Duration::from_secs(1);
/// The bucket of all that have none.
const OTHERS: &str = "others";

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

type Buckets = RateLimiter<String, Few, DefaultClock, StateInformationMiddleware>;

/// The buckets of all principals.
#[derive(Debug, Clone, Default)]
pub struct Rates {
    limited: Option<Arc<Limited>>,
}

#[derive(Debug)]
struct Limited {
    buckets: Buckets,
    quota: Quota,
    swept: Mutex<Option<Instant>>,
}

/// What is left to a principal after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    remaining: u32,
    burst: u32,
    refill: Duration,
}

impl Rates {
    /// So many a second, lasting, and at once; 0 a second is any number.
    pub fn of(per_second: u32, burst: u32) -> Self {
        let limited = NonZeroU32::new(per_second).map(|rate| {
            let burst = NonZeroU32::new(burst).unwrap_or(rate);
            let quota = Quota::per_second(rate).allow_burst(burst);
            let buckets = Buckets::new(quota, Few::default(), DefaultClock::default());
            let swept = Mutex::new(None);
            Arc::new(Limited {
                buckets,
                quota,
                swept,
            })
        });
        Self { limited }
    }

    /// Take one request of that principal or address into account.
    ///
    /// # Errors
    /// How long to wait, in whole seconds, if it is one too many.
    pub fn take(&self, principal: &str) -> Result<Option<Left>, u64> {
        let Some(limited) = &self.limited else {
            return Ok(None);
        };
        let burst = limited.quota.burst_size().get();
        limited.sweep();
        match limited.buckets.check_key(&principal.to_owned()) {
            Ok(state) => Ok(Some(Left {
                remaining: state.remaining_burst_capacity(),
                burst,
                refill: limited.quota.replenish_interval() * burst,
            })),
            Err(refused) => {
                let wait = refused.wait_time_from(DefaultClock::default().now());
                Err(wait.as_secs() + 1)
            }
        }
    }
}

impl Limited {
    /// Drop the full ones, where there are many.
    fn sweep(&self) {
        if self.buckets.len() < MANY {
            return;
        }
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            self.buckets.retain_recent();
            *swept = Some(Instant::now());
        }
    }
}

/// Whoever has a bucket keeps it; who has none gets one while there is room, or else
/// shares that of the [`OTHERS`].
#[derive(Debug, Default)]
struct Few(DefaultKeyedStateStore<String>);

impl StateStore for Few {
    type Key = String;

    fn measure_and_replace<T, F, E>(&self, key: &String, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        if self.0.contains_key(key) || self.0.len() < MANY {
            self.0.measure_and_replace(key, measure)
        } else {
            self.0.measure_and_replace(&OTHERS.to_owned(), measure)
        }
    }
}

impl ShrinkableKeyedStateStore<String> for Few {
    fn retain_recent(&self, drop_below: Nanos) {
        self.0.retain_recent(drop_below);
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Left {
    /// Say it: `RateLimit` and `RateLimit-Policy`, a draft of the IETF
    /// (draft-ietf-httpapi-ratelimit-headers).
    pub fn tell(self, headers: &mut HeaderMap) {
        let window = self.refill.as_secs().max(1);
        let left = format!("\"requests\";r={};t={window}", self.remaining);
        let policy = format!("\"requests\";q={};w={window}", self.burst);
        for (name, value) in [(RATELIMIT, left), (RATELIMIT_POLICY, policy)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_principal_has_a_bucket_and_learns_when_to_come_back() {
        let rates = Rates::of(1, 2);
        assert_eq!(rates.take("a").unwrap().unwrap().remaining, 1);
        assert_eq!(rates.take("a").unwrap().unwrap().remaining, 0);
        assert_eq!(rates.take("a").unwrap_err(), 1);
        assert!(rates.take("b").is_ok());
        assert_eq!(Rates::default().take("a"), Ok(None));
    }

    #[test]
    fn a_flood_of_names_takes_no_more_memory_and_shares_what_is_left() {
        let rates = Rates::of(1, 2);
        let refused = (0..3 * MANY).filter(|number| rates.take(&number.to_string()).is_err());
        assert!(refused.count() > 0);
        let kept = rates.limited.unwrap().buckets.len();
        assert!(kept <= MANY + 1, "{kept}");
    }

    #[test]
    fn whoever_has_a_bucket_keeps_it_in_a_flood_of_others() {
        let rates = Rates::of(1, 100);
        for _ in 0..50 {
            rates.take("first").unwrap();
        }
        let refused = (0..2 * MANY).filter(|number| rates.take(&number.to_string()).is_err());
        assert!(refused.count() > 0);
        assert_eq!(rates.take("late").unwrap_err(), 1);
        assert!(rates.take("first").unwrap().unwrap().remaining >= 49);
    }
}
