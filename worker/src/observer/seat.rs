//! What stands on the observer's Lease. Pure. It is a Lease like a store's, with
//! the same clocks, but without generations; `leaseTransitions` is the term.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;

use crate::cluster::labels::STORE;
use crate::lease::record;

/// Its name; no store's id looks like this.
pub const NAME: &str = "observer";

/// A Lease that nobody had.
#[must_use]
pub fn blank() -> Lease {
    let mut lease = record::blank(NAME);
    lease.labels_mut().remove(STORE);
    lease
}

/// How long the holder still has it; `None` if anybody may take it.
#[must_use]
pub fn remaining(lease: &Lease, now: Timestamp) -> Option<Duration> {
    record::holder_of(lease)?;
    record::remaining(lease, now)
}

/// When its holder wrote it last.
#[must_use]
pub fn renewed(lease: &Lease) -> Option<Timestamp> {
    let spec = lease.spec.as_ref()?;
    spec.renew_time.as_ref().map(|time| time.0)
}

/// Give it to somebody. Every time is a new term, greater than any before, also
/// when the Lease was lost with its cluster: a new one begins with the minutes
/// since 1970.
pub fn take(lease: &mut Lease, holder: &str, length: Duration, now: Timestamp) {
    let before = lease.spec.as_ref().and_then(|spec| spec.lease_transitions);
    let term = match before {
        Some(term) => term.saturating_add(1),
        None => i32::try_from(now.as_second() / 60).unwrap_or(1),
    };
    let spec = lease.spec.get_or_insert_default();
    spec.holder_identity = Some(holder.to_owned());
    spec.acquire_time = Some(MicroTime(now));
    spec.lease_transitions = Some(term);
    record::renew(lease, length, now);
}

/// The term.
#[must_use]
pub fn term(lease: &Lease) -> u64 {
    let term = lease.spec.as_ref().and_then(|spec| spec.lease_transitions);
    term.and_then(|term| term.try_into().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(45);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn every_taking_is_a_greater_term() {
        let mut lease = blank();
        let mut terms = vec![term(&lease)];
        take(&mut lease, "a", LENGTH, at(0));
        terms.push(term(&lease));
        take(&mut lease, "b", LENGTH, at(50));
        terms.push(term(&lease));
        record::let_go(&mut lease);
        take(&mut lease, "a", LENGTH, at(60));
        terms.push(term(&lease));
        // The Lease is lost.
        let mut lease = blank();
        take(&mut lease, "a", LENGTH, at(600));
        terms.push(term(&lease));

        assert!(terms.is_sorted_by(|a, b| a < b), "{terms:?}");
    }

    #[test]
    fn it_is_the_holders_until_it_ends_or_is_given_back() {
        let mut lease = blank();
        assert_eq!(remaining(&lease, at(0)), None);
        take(&mut lease, "a", LENGTH, at(0));
        assert_eq!(remaining(&lease, at(40)), Some(Duration::from_secs(5)));
        assert_eq!(remaining(&lease, at(45)), None);
        record::let_go(&mut lease);
        assert_eq!(remaining(&lease, at(0)), None);
        assert_eq!(renewed(&lease), Some(at(0)));
    }
}
