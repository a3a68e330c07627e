//! What stands on a store's Lease, and what follows for a command. Pure.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt as _;
use serde::{Deserialize, Serialize};
use shared::contract::event::EventBody;
use shared::fault;
use shared::ids::{Generation, OperationId};

use crate::cluster::labels::{
    GENERATION, HOLDER_GENERATION, MANAGED_BY, MANAGER, SETTLED, STORE, TOMBSTONE_UNTIL, TURN,
};

/// A try that came to its end; its outcome is said again on request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Of which generation.
    pub generation: Generation,
    /// Which try.
    pub attempt: u32,
    /// What came of it.
    pub outcome: EventBody,
    /// Of which operation; none on Leases that an older build settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
}

/// What is asked for: the part of a command that decides who is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The intent's place among all of its store.
    pub generation: Generation,
    /// Which try of it.
    pub attempt: u32,
    /// The intent itself.
    pub operation: OperationId,
}

/// What a command finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nobody has the store.
    Free,
    /// This try, or a later one of the same intent, has ended.
    Settled(Settled),
    /// A newer intent was seen.
    Newer(Generation),
    /// Somebody has the store, at most that much longer without renewing.
    Busy {
        /// Until the Lease ends by itself.
        remaining: Duration,
        /// Whether the command is newer than what the holder works on.
        supersedes: bool,
    },
}

/// What a command finds at a time that has certainly come on the apiserver.
///
/// A generation belongs to one operation, unless the records were set back (a
/// restored database) and count up again: then another operation's outcome stands
/// here under the same number. That is none of this one's, which is answered as if a
/// newer intent had been seen, so that the api counts on above both.
#[must_use]
pub fn claim(lease: &Lease, asked: Asked, now: Timestamp) -> Claim {
    let generation = asked.generation;
    let seen = generation_of(lease);
    if seen > Some(generation) {
        return Claim::Newer(seen.unwrap_or(generation));
    }
    if let Some(settled) = settled_of(lease)
        && settled.generation == generation
        && !fault::without("settled")
    {
        if settled.operation.is_some_and(|one| one != asked.operation) {
            return Claim::Newer(generation.next());
        }
        if settled.attempt >= asked.attempt {
            return Claim::Settled(settled);
        }
    }
    match remaining(lease, now) {
        _ if fault::without("fencing") => Claim::Free,
        Some(remaining) if holder_of(lease).is_some() => Claim::Busy {
            remaining,
            supersedes: holders_generation(lease) < Some(generation),
        },
        _ => Claim::Free,
    }
}

/// Who has it.
#[must_use]
pub fn holder_of(lease: &Lease) -> Option<&str> {
    let holder = lease.spec.as_ref()?.holder_identity.as_deref();
    holder.filter(|holder| !holder.is_empty())
}

/// The highest generation that was seen.
#[must_use]
pub fn generation_of(lease: &Lease) -> Option<Generation> {
    lease
        .annotations()
        .get(GENERATION)?
        .parse()
        .ok()
        .map(Generation)
}

fn holders_generation(lease: &Lease) -> Option<Generation> {
    let noted = lease.annotations().get(HOLDER_GENERATION)?;
    noted.parse().ok().map(Generation)
}

/// The last try that ended. An unreadable one (of another build) is none: the
/// try is then made again, which finds everything done.
#[must_use]
pub fn settled_of(lease: &Lease) -> Option<Settled> {
    serde_json::from_str(lease.annotations().get(SETTLED)?).ok()
}

/// How long it still holds; `None` when it is over.
pub fn remaining(lease: &Lease, now: Timestamp) -> Option<Duration> {
    let spec = lease.spec.as_ref()?;
    let renewed = spec.renew_time.as_ref()?.0;
    let length = SignedDuration::from_secs(spec.lease_duration_seconds.unwrap_or(0).into());
    let left = length.checked_sub(now.duration_since(renewed))?;
    Duration::try_from(left).ok().filter(|left| !left.is_zero())
}

/// A Lease for a store of which none is known.
#[must_use]
pub fn blank(store: &str) -> Lease {
    let mut lease = Lease::default();
    lease.metadata.name = Some(store.to_owned());
    lease.labels_mut().extend([
        (MANAGED_BY.to_owned(), MANAGER.to_owned()),
        (STORE.to_owned(), store.to_owned()),
    ]);
    lease
}

/// Note a generation, unless a higher one stands there.
pub fn raise(lease: &mut Lease, generation: Generation) {
    if generation_of(lease) < Some(generation) {
        lease
            .annotations_mut()
            .insert(GENERATION.to_owned(), generation.to_string());
    }
}

/// Make somebody its holder from then on, for the generation that stands there
/// and that try of it. Gives how often the try held it before.
pub fn take(
    lease: &mut Lease,
    holder: &str,
    attempt: u32,
    length: Duration,
    now: Timestamp,
) -> u32 {
    let turn = next_turn(lease, attempt);
    if let Some(generation) = generation_of(lease) {
        let generation = generation.to_string();
        lease
            .annotations_mut()
            .insert(HOLDER_GENERATION.to_owned(), generation);
    }
    let changed = holder_of(lease).is_some_and(|before| before != holder);
    let spec = lease.spec.get_or_insert_default();
    let transitions = spec.lease_transitions.unwrap_or(0);
    *spec = LeaseSpec {
        holder_identity: Some(holder.to_owned()),
        acquire_time: Some(MicroTime(now)),
        lease_transitions: Some(transitions + i32::from(changed)),
        ..spec.clone()
    };
    lease.annotations_mut().remove(TOMBSTONE_UNTIL);
    renew(lease, length, now);
    turn
}

/// Note, and give, the turn that begins: `<generation>/<attempt>/<turn>`.
fn next_turn(lease: &mut Lease, attempt: u32) -> u32 {
    let generation = generation_of(lease).unwrap_or(Generation(0));
    let this = format!("{generation}/{attempt}/");
    let noted = lease.annotations().get(TURN);
    let before = noted.and_then(|noted| noted.strip_prefix(&this)?.parse::<u32>().ok());
    let turn = before.map_or(0, |before| before.saturating_add(1));
    let note = format!("{this}{turn}");
    lease.annotations_mut().insert(TURN.to_owned(), note);
    turn
}

/// It holds that long from then on. Whole seconds, rounded up.
pub fn renew(lease: &mut Lease, length: Duration, now: Timestamp) {
    let seconds = i32::try_from(length.as_millis().div_ceil(1000)).unwrap_or(i32::MAX);
    let spec = lease.spec.get_or_insert_default();
    spec.lease_duration_seconds = Some(seconds.max(1));
    spec.renew_time = Some(MicroTime(now));
}

/// Nobody has it any more; what was seen and settled stays.
pub fn let_go(lease: &mut Lease) {
    let spec = lease.spec.get_or_insert_default();
    spec.holder_identity = None;
    spec.lease_duration_seconds = Some(1);
}

/// Note how a try ended.
///
/// # Errors
/// None in practice: an outcome is always JSON.
pub fn settle(lease: &mut Lease, settled: &Settled) -> Result<(), serde_json::Error> {
    let text = serde_json::to_string(settled)?;
    lease.annotations_mut().insert(SETTLED.to_owned(), text);
    Ok(())
}

/// The store is gone; the Lease stays until then, so that no late command can
/// bring the store back.
pub fn bury(lease: &mut Lease, until: time::OffsetDateTime) {
    let format = &time::format_description::well_known::Rfc3339;
    if let Ok(until) = until.format(format) {
        lease
            .annotations_mut()
            .insert(TOMBSTONE_UNTIL.to_owned(), until);
    }
}

#[cfg(test)]
mod tests;
