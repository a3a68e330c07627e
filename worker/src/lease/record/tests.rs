//! What a command finds on a Lease, as a table of moments.

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn held(generation: i64) -> Lease {
    let mut lease = blank("store-k7q2mx");
    raise(&mut lease, Generation(generation));
    take(&mut lease, "worker-a", 1, Duration::from_secs(15), at(0));
    lease
}

fn operation() -> OperationId {
    OperationId(uuid::Uuid::from_u128(7))
}

fn asked(generation: i64, attempt: u32) -> Asked {
    Asked {
        generation: Generation(generation),
        attempt,
        operation: operation(),
    }
}

fn of(lease: &Lease, generation: i64, attempt: u32, seconds: i64) -> Claim {
    claim(lease, asked(generation, attempt), at(seconds))
}

#[test]
fn a_held_lease_is_busy_until_it_ends() {
    let lease = held(1);

    let Claim::Busy { remaining, .. } = of(&lease, 1, 1, 5) else {
        unreachable!("held")
    };
    assert_eq!(remaining, Duration::from_secs(10));
    assert!(matches!(of(&lease, 1, 1, 14), Claim::Busy { .. }));
    assert_eq!(of(&lease, 1, 1, 15), Claim::Free);
    assert_eq!(of(&lease, 1, 1, 900), Claim::Free);
}

#[test]
fn generations_decide_before_holders() {
    let lease = held(3);

    assert_eq!(of(&lease, 2, 1, 5), Claim::Newer(Generation(3)));
    assert_eq!(of(&lease, 2, 1, 900), Claim::Newer(Generation(3)));
    assert!(matches!(
        of(&lease, 4, 1, 5),
        Claim::Busy {
            supersedes: true,
            ..
        }
    ));
    assert!(matches!(
        of(&lease, 3, 1, 5),
        Claim::Busy {
            supersedes: false,
            ..
        }
    ));
}

#[test]
fn a_settled_try_is_not_made_again() {
    let mut lease = held(2);
    let settled = Settled {
        generation: Generation(2),
        attempt: 2,
        outcome: EventBody::Deleted,
        operation: Some(operation()),
    };
    settle(&mut lease, &settled).unwrap();
    let_go(&mut lease);

    assert_eq!(of(&lease, 2, 2, 1), Claim::Settled(settled.clone()));
    assert_eq!(of(&lease, 2, 1, 1), Claim::Settled(settled));
    assert_eq!(of(&lease, 2, 3, 1), Claim::Free);
    assert_eq!(of(&lease, 3, 1, 1), Claim::Free);
}

#[test]
fn anothers_outcome_under_the_same_generation_is_answered_as_newer() {
    let mut lease = held(2);
    let mut settled = Settled {
        generation: Generation(2),
        attempt: 1,
        outcome: EventBody::Deleted,
        operation: Some(OperationId::new()),
    };
    settle(&mut lease, &settled).unwrap();
    let_go(&mut lease);

    for attempt in [1, 2] {
        assert_eq!(of(&lease, 2, attempt, 1), Claim::Newer(Generation(3)));
    }
    assert_eq!(of(&lease, 3, 1, 1), Claim::Free);

    // What an older build noted is taken for this operation's, as it was then.
    settled.operation = None;
    settle(&mut lease, &settled).unwrap();
    assert_eq!(of(&lease, 2, 1, 1), Claim::Settled(settled));
}

#[test]
fn a_command_supersedes_the_holder_also_after_a_raise() {
    let mut lease = held(1);
    raise(&mut lease, Generation(2));

    assert!(matches!(
        of(&lease, 2, 1, 5),
        Claim::Busy {
            supersedes: true,
            ..
        }
    ));
}

#[test]
fn a_raise_never_lowers_and_keeps_the_holder() {
    let mut lease = held(2);
    raise(&mut lease, Generation(5));
    raise(&mut lease, Generation(4));

    assert_eq!(generation_of(&lease), Some(Generation(5)));
    assert_eq!(holder_of(&lease), Some("worker-a"));
}

#[test]
fn a_blank_or_released_lease_is_free_and_keeps_its_generation() {
    assert_eq!(of(&blank("store-k7q2mx"), 1, 1, 0), Claim::Free);

    let mut lease = held(2);
    let_go(&mut lease);
    assert_eq!(of(&lease, 2, 1, 0), Claim::Free);
    assert_eq!(of(&lease, 1, 1, 0), Claim::Newer(Generation(2)));
}

#[test]
fn each_holding_of_one_try_is_another_turn() {
    let mut lease = blank("store-k7q2mx");
    for (generation, attempt, turn) in [(1, 1, 0), (1, 1, 1), (1, 1, 2), (1, 2, 0), (2, 1, 0)] {
        raise(&mut lease, Generation(generation));
        let got = take(&mut lease, "a", attempt, Duration::from_secs(15), at(0));
        assert_eq!(got, turn, "{generation}/{attempt}");
        let_go(&mut lease);
    }
}

#[test]
fn lengths_are_rounded_up_to_whole_seconds() {
    let mut lease = held(1);
    renew(&mut lease, Duration::from_millis(1200), at(0));
    assert_eq!(lease.spec.unwrap().lease_duration_seconds, Some(2));
}
