//! An update that does not arrive, and the way back: one row a situation.

use super::*;

/// The workloads of that revision do not arrive, and never will.
fn broken(served: Option<i64>, status: ReleaseStatus, last_good: Option<i64>) -> Observed {
    let mut namespace = ours(true);
    if let Namespace::Ours { ready_revision, .. } = &mut namespace {
        *ready_revision = served;
    }
    Observed {
        namespace,
        release: release_of(status, last_good),
        rollout: Some(Rollout::Waiting("0 of 1".to_owned())),
        cause: cause(FailureCode::ImageInvalid, true, 0),
        ..seen()
    }
}

#[test]
fn only_a_release_that_never_served_is_given_up_for_the_one_before() {
    use ReleaseStatus::Deployed;
    // The release that is looked at is revision 2.
    for (served, last_good, expected) in [
        (Some(1), Some(1), "GiveUp:ImageInvalid"),
        // It served itself: its trouble is not the update's.
        (Some(2), Some(1), "Stuck:ImageInvalid"),
        (Some(1), None, "Stuck:ImageInvalid"),
        (None, Some(1), "Stuck:ImageInvalid"),
    ] {
        let seen = broken(served, Deployed, last_good);
        let found = next(&create(true), &seen, &Taken::default());
        assert_eq!(short(&found), expected, "{served:?} {last_good:?}");
    }
    let mut taken_host = broken(Some(1), Deployed, Some(1));
    taken_host.cause = cause(FailureCode::HostConflict, true, 0);
    let found = next(&create(true), &taken_host, &Taken::default());
    assert_eq!(short(&found), "Stuck:HostConflict");
}

#[test]
fn the_way_back_ends_when_what_served_serves_again() {
    let mut gave_up = Taken::default();
    gave_up.give_up(Failure::new(FailureCode::ImageInvalid, "x").in_step(Step::Rollout));
    let there = broken(Some(1), ReleaseStatus::Deployed, Some(1));
    assert_eq!(
        next(&create(true), &there, &gave_up),
        Next::Do(Step::Rollback)
    );

    gave_up.done(Step::Rollback);
    let stuck = vec![crate::cluster::workloads::PodIdentity {
        name: "mysql-0".to_owned(),
        uid: "p".to_owned(),
    }];
    for (rollout, stuck, expected) in [
        (
            Rollout::Waiting("0 of 1".to_owned()),
            vec![],
            "Wait:Rollout",
        ),
        (Rollout::Waiting("0 of 1".to_owned()), stuck, "Do:Rollout"),
        (Rollout::Complete, vec![], "Back:ImageInvalid"),
    ] {
        let seen = Observed {
            rollout: Some(rollout),
            stuck,
            ..there.clone()
        };
        assert_eq!(short(&next(&create(true), &seen, &gave_up)), expected);
    }
}

#[test]
fn a_way_back_that_is_unsafe_ends_the_try() {
    let mut taken = Taken::default();
    taken.give_up(Failure::new(FailureCode::ImageInvalid, "x").in_step(Step::Rollout));
    taken.failed(
        Step::Rollback,
        Failure::new(
            FailureCode::RollbackUnsafe,
            "mysql:9.7 would become mysql:8.4",
        ),
    );
    let there = broken(Some(1), ReleaseStatus::Deployed, Some(1));
    let found = next(&create(true), &there, &taken);
    assert_eq!(short(&found), "Stuck:RollbackUnsafe");
}
