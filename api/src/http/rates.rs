//! How many requests one principal may send: a bucket for each, in this process
//! alone. Nothing is counted where no rate is set.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::settings::AccessSettings;

/// Buckets that are kept before the full ones are dropped.
const MANY: usize = 10_000;

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

type Buckets =
    RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// The buckets of all principals.
#[derive(Debug, Clone, Default)]
pub struct Rates {
    limited: Option<Arc<Limited>>,
}

#[derive(Debug)]
struct Limited {
    buckets: Buckets,
    quota: Quota,
}

/// What is left to a principal after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    remaining: u32,
    burst: u32,
    refill: Duration,
}

impl Rates {
    /// As the settings say.
    pub fn of(settings: &AccessSettings) -> Self {
        let per_second = NonZeroU32::new(settings.rate_limit_per_second);
        let limited = per_second.map(|rate| {
            let burst = NonZeroU32::new(settings.rate_limit_burst).unwrap_or(rate);
            let quota = Quota::per_second(rate).allow_burst(burst);
            let buckets = RateLimiter::dashmap(quota).with_middleware();
            Arc::new(Limited { buckets, quota })
        });
        Self { limited }
    }

    /// Take one request of that principal into account.
    ///
    /// # Errors
    /// How long to wait, in whole seconds, if it is one too many.
    pub fn take(&self, principal: &str) -> Result<Option<Left>, u64> {
        let Some(limited) = &self.limited else {
            return Ok(None);
        };
        if limited.buckets.len() > MANY {
            limited.buckets.retain_recent();
        }
        let burst = limited.quota.burst_size().get();
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
        let rates = Rates::of(&AccessSettings {
            rate_limit_per_second: 1,
            rate_limit_burst: 2,
            ..AccessSettings::default()
        });
        assert_eq!(rates.take("a").unwrap().unwrap().remaining, 1);
        assert_eq!(rates.take("a").unwrap().unwrap().remaining, 0);
        assert_eq!(rates.take("a").unwrap_err(), 1);
        assert!(rates.take("b").is_ok());
        assert_eq!(Rates::default().take("a"), Ok(None));
    }
}
