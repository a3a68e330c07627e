//! What helm's storage says, and what follows: one row a situation.

use super::*;
use crate::converge::observed::Volumes;

#[test]
fn every_state_of_a_release_has_its_action() {
    use ReleaseStatus::*;
    for (status, last_good, ever_ready, expected) in [
        (Failed, None, false, "Do:Reset"),
        (Failed, None, true, "Do:Release"),
        (Failed, Some(1), false, "Do:Release"),
        (Failed, Some(1), true, "Do:Release"),
        (PendingInstall, None, false, "Do:Reset"),
        (PendingInstall, None, true, "Do:Unlock"),
        (PendingUpgrade, Some(1), false, "Do:Unlock"),
        (PendingUpgrade, Some(1), true, "Do:Unlock"),
        (PendingRollback, Some(1), true, "Do:Unlock"),
        (Uninstalling, Some(1), false, "Do:Reset"),
        (Uninstalling, Some(1), true, "Do:Unlock"),
        (Uninstalled, None, false, "Do:Reset"),
        (Uninstalled, None, true, "Do:Release"),
        (Superseded, Some(1), true, "Do:Release"),
        (Unknown, None, true, "Do:Release"),
        (Deployed, None, false, "Do:Storefront"),
        (Deployed, Some(1), true, "Do:Storefront"),
    ] {
        let seen = Observed {
            release: release_of(status, last_good),
            ..seen()
        };
        let found = next(&create(ever_ready), &seen, &Taken::default());
        assert_eq!(short(&found), expected, "{status:?} {ever_ready}");

        // The namespace's word counts as much as the command's.
        let seen = Observed {
            namespace: ours(ever_ready),
            ..seen
        };
        let found = next(&create(false), &seen, &Taken::default());
        assert_eq!(short(&found), expected, "{status:?} {ever_ready}");
    }
}

#[test]
fn no_state_at_all_uninstalls_a_store_that_was_ready() {
    use ReleaseStatus::*;
    for status in [
        Deployed,
        Superseded,
        Failed,
        PendingInstall,
        PendingUpgrade,
        PendingRollback,
        Uninstalling,
        Uninstalled,
        Unknown,
    ] {
        for last_good in [None, Some(1)] {
            let mut seen = seen();
            seen.release = release_of(status, last_good);
            seen.volumes.present = 2;
            let found = next(&create(true), &seen, &Taken::default());
            assert_ne!(found, Next::Do(Step::Reset), "{status:?}");
        }
    }
    let mut lost = seen();
    lost.release = Found::Nothing;
    lost.volumes.present = 2;
    assert_eq!(
        next(&create(true), &lost, &Taken::default()),
        Next::Do(Step::Release)
    );
}

#[test]
fn a_release_that_is_not_the_wanted_one_or_not_whole_is_made_again() {
    for (wanted, missing) in [(false, vec![]), (true, vec!["Service/mysql".to_owned()])] {
        let mut seen = seen();
        let Found::Release { release, .. } = seen.release else {
            unreachable!("there is one")
        };
        seen.release = Found::Release {
            release,
            wanted,
            missing,
        };
        assert_eq!(
            next(&create(true), &seen, &Taken::default()),
            Next::Do(Step::Release)
        );
        // But not for ever.
        let thrice = taken(&[Step::Release, Step::Release, Step::Release]);
        assert_eq!(
            short(&next(&create(true), &seen, &thrice)),
            "Stuck:ReleaseFailed"
        );
    }
}

#[test]
fn left_over_volumes_of_a_store_that_never_served_go_first() {
    for (present, ending, expected) in [
        (0, 0, "Do:Release"),
        (2, 0, "Do:Reset"),
        (2, 1, "Do:Reset"),
        (2, 2, "Wait:Reset"),
    ] {
        let mut seen = seen();
        seen.release = Found::Nothing;
        seen.volumes = Volumes { present, ending };
        assert_eq!(
            short(&next(&create(false), &seen, &Taken::default())),
            expected
        );
    }
}

#[test]
fn left_over_volumes_that_cannot_go_end_the_try() {
    for (seconds, expected) in [(0, "Wait:Reset"), (20, "Stuck:VolumePending")] {
        let mut seen = seen();
        seen.release = Found::Nothing;
        seen.volumes.present = 1;
        seen.volumes.ending = 1;
        seen.cause = cause(FailureCode::VolumePending, false, seconds);
        let found = next(&create(false), &seen, &Taken::default());
        assert_eq!(short(&found), expected, "{seconds}");
    }
}

#[test]
fn of_two_revisions_in_force_the_newest_is_made_once_more() {
    for ever_ready in [false, true] {
        let mut seen = seen();
        seen.release = release_of(ReleaseStatus::Deployed, Some(1));
        if let Found::Release { release, .. } = &mut seen.release {
            release.doubled = true;
        }
        let found = next(&create(ever_ready), &seen, &Taken::default());
        assert_eq!(found, Next::Do(Step::Unlock));
        // Marked failed, and never removed.
        seen.release = release_of(ReleaseStatus::Failed, Some(1));
        let found = next(&create(ever_ready), &seen, &taken(&[Step::Unlock]));
        assert_eq!(found, Next::Do(Step::Release));
    }
}

#[test]
fn when_helm_fails_only_a_serving_store_goes_back() {
    use ReleaseStatus::*;
    let failure = Failure::new(FailureCode::ReleaseFailed, "it broke");
    for (status, last_good, ever_ready, rolled_back, expected) in [
        (Failed, Some(1), true, false, "Do:Rollback"),
        (Failed, Some(1), true, true, "Back:ReleaseFailed"),
        (Deployed, Some(1), true, true, "Back:ReleaseFailed"),
        (Failed, Some(1), false, false, "Stuck:ReleaseFailed"),
        (Failed, None, false, false, "Stuck:ReleaseFailed"),
        (Failed, None, true, false, "Stuck:ReleaseFailed"),
    ] {
        let mut taken = Taken::default();
        taken.failed(Step::Release, failure.clone());
        if rolled_back {
            taken.done(Step::Rollback);
        }
        let seen = Observed {
            release: release_of(status, last_good),
            ..seen()
        };
        let found = next(&create(ever_ready), &seen, &taken);
        assert_eq!(short(&found), expected, "{status:?} {ever_ready}");
    }
}
