//! One row a situation.

use shared::operation::OperationKind;
use shared::testing::a_spec;
use time::OffsetDateTime;

use super::*;
use crate::settings::{DEFAULTS, Settings};

fn patience() -> Patience {
    let variables = [("AMQP_URL".to_owned(), "amqp://x".to_owned())].into();
    let settings: Settings = shared::settings::load_from(DEFAULTS, &variables).unwrap();
    settings.patience
}

fn create(ever_ready: bool) -> Command {
    Command {
        kind: OperationKind::Create,
        goal: Goal::Present {
            spec: a_spec(&"store-k7q2mx".parse().unwrap()),
        },
        ever_ready,
        not_after: OffsetDateTime::now_utc(),
        budget_ms: 1000,
    }
}

fn delete(ever_ready: bool) -> Command {
    Command {
        kind: OperationKind::Delete,
        goal: Goal::Absent,
        ..create(ever_ready)
    }
}

fn ours(ever_ready: bool) -> Namespace {
    Namespace::Ours {
        uid: "u".to_owned(),
        ever_ready,
        labelled: true,
    }
}

fn foreign() -> Namespace {
    Namespace::Foreign {
        marks: "somebody's".to_owned(),
    }
}

fn release_of(status: ReleaseStatus, last_good: Option<i64>) -> Found {
    Found::Release {
        release: Release {
            revision: 2,
            status,
            digest: None,
            last_good,
        },
        wanted: true,
        missing: Vec::new(),
    }
}

/// All is there but what the rows change.
fn seen() -> Observed {
    Observed {
        credentials: true,
        release: release_of(ReleaseStatus::Deployed, None),
        rollout: Some(Rollout::Complete),
        ..Observed::only(ours(false))
    }
}

fn cause(code: FailureCode, provable: bool, seconds: u64) -> Option<Cause> {
    Some(Cause {
        failure: Failure::new(code, "x"),
        provable,
        lasting: Duration::from_secs(seconds),
    })
}

fn taken(steps: &[Step]) -> Taken {
    let mut taken = Taken::default();
    steps.iter().for_each(|step| taken.done(*step));
    taken
}

fn next(command: &Command, seen: &Observed, taken: &Taken) -> Next {
    decide(command, seen, taken, &patience())
}

/// `Do:X`, `Wait:X`, `Done` or `Stuck:Code`.
fn short(next: &Next) -> String {
    match next {
        Next::Do(step) => format!("Do:{}", step.as_str()),
        Next::Wait(waiting) => format!("Wait:{}", waiting.step.as_str()),
        Next::Done => "Done".to_owned(),
        Next::Stuck(failure) => format!("Stuck:{}", failure.code.as_str()),
    }
}

#[test]
fn a_create_goes_its_road_step_by_step() {
    let nothing = Observed::only(Namespace::Absent);
    let namespace = Observed::only(ours(false));
    let credentials = Observed {
        credentials: true,
        ..namespace.clone()
    };
    let rolling = Observed {
        rollout: Some(Rollout::Waiting("0 of 1".to_owned())),
        ..seen()
    };
    let asked = |answer| Observed {
        storefront: Some(answer),
        ..seen()
    };
    let at_shop = taken(&[Step::Storefront]);
    for (seen, taken, expected) in [
        (nothing, Taken::default(), "Do:Namespace"),
        (namespace, Taken::default(), "Do:Credentials"),
        (credentials, Taken::default(), "Do:Release"),
        (rolling, Taken::default(), "Wait:Rollout"),
        (seen(), Taken::default(), "Do:Storefront"),
        (asked(Err("503".to_owned())), at_shop, "Wait:Storefront"),
        (asked(Ok(())), taken(&[Step::Storefront]), "Done"),
    ] {
        assert_eq!(short(&next(&create(false), &seen, &taken)), expected);
    }
}

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
fn when_helm_fails_only_a_serving_store_goes_back() {
    use ReleaseStatus::*;
    let failure = Failure::new(FailureCode::ReleaseFailed, "it broke");
    for (status, last_good, ever_ready, rolled_back, expected) in [
        (Failed, Some(1), true, false, "Do:Rollback"),
        (Failed, Some(1), true, true, "Stuck:ReleaseFailed"),
        (Deployed, Some(1), true, true, "Stuck:ReleaseFailed"),
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

#[test]
fn a_namespace_of_somebody_else_is_never_touched() {
    let seen = Observed::only(foreign());
    for (command, expected) in [
        (create(false), "Stuck:NamespaceConflict"),
        (create(true), "Stuck:NamespaceConflict"),
        // A create that met it never made anything, so there is nothing to delete.
        (delete(false), "Done"),
        (delete(true), "Stuck:NamespaceConflict"),
    ] {
        assert_eq!(short(&next(&command, &seen, &Taken::default())), expected);
    }
}

#[test]
fn a_delete_deletes_once_and_waits_until_all_is_gone() {
    let terminating = |blockers: &[&str]| {
        let blockers = blockers.iter().map(|b| (*b).to_owned()).collect();
        Observed::only(Namespace::Terminating { blockers })
    };
    let once = taken(&[Step::Purge]);
    for (seen, taken, expected) in [
        (Observed::only(ours(true)), &Taken::default(), "Do:Purge"),
        (Observed::only(ours(true)), &once, "Wait:Purge"),
        (terminating(&[]), &once, "Wait:Purge"),
        (terminating(&[]), &Taken::default(), "Wait:Purge"),
        (Observed::only(Namespace::Absent), &once, "Done"),
    ] {
        assert_eq!(short(&next(&delete(true), &seen, taken)), expected);
    }
    let Next::Wait(waiting) = next(&delete(true), &terminating(&["x remains"]), &once) else {
        unreachable!("it waits")
    };
    let cause = waiting.cause.unwrap();
    assert_eq!(cause.code, FailureCode::DeleteBlocked);
    assert!(cause.message.contains("x remains"));
}

#[test]
fn a_create_waits_for_the_namespace_of_before_to_go() {
    let seen = Observed::only(Namespace::Terminating {
        blockers: Vec::new(),
    });
    let found = next(&create(false), &seen, &Taken::default());
    assert_eq!(short(&found), "Wait:Namespace");
}

#[test]
fn a_wait_ends_for_what_is_provable_or_has_lasted() {
    for (cause, expected) in [
        (None, "Wait:Rollout"),
        (
            cause(FailureCode::ImageInvalid, true, 0),
            "Stuck:ImageInvalid",
        ),
        (
            cause(FailureCode::PodSecurity, true, 0),
            "Stuck:PodSecurity",
        ),
        (
            cause(FailureCode::QuotaExceeded, true, 0),
            "Stuck:QuotaExceeded",
        ),
        (cause(FailureCode::QuotaExceeded, false, 0), "Wait:Rollout"),
        (
            cause(FailureCode::QuotaExceeded, false, 60),
            "Stuck:QuotaExceeded",
        ),
        (cause(FailureCode::CrashLoop, false, 119), "Wait:Rollout"),
        (cause(FailureCode::CrashLoop, false, 120), "Stuck:CrashLoop"),
        (
            cause(FailureCode::OutOfMemory, false, 30),
            "Stuck:OutOfMemory",
        ),
        (
            cause(FailureCode::Unschedulable, false, 179),
            "Wait:Rollout",
        ),
        (cause(FailureCode::SetupFailed, false, 9000), "Wait:Rollout"),
    ] {
        let seen = Observed {
            rollout: Some(Rollout::Waiting("0 of 1".to_owned())),
            cause,
            ..seen()
        };
        let found = next(&create(false), &seen, &Taken::default());
        assert_eq!(short(&found), expected, "{:?}", seen.cause);
    }
}

#[test]
fn a_cause_is_shown_once_it_is_more_than_a_beginning() {
    for (code, seconds, shown) in [
        (FailureCode::CrashLoop, 0, true),
        (FailureCode::ProbeFailing, 10, false),
        (FailureCode::ProbeFailing, 15, true),
        (FailureCode::Unschedulable, 0, false),
        (FailureCode::Unschedulable, 3, true),
    ] {
        let seen = Observed {
            rollout: Some(Rollout::Waiting("0 of 1".to_owned())),
            cause: cause(code, false, seconds),
            ..seen()
        };
        let Next::Wait(waiting) = next(&create(false), &seen, &Taken::default()) else {
            unreachable!("it waits")
        };
        assert_eq!(waiting.cause.is_some(), shown, "{code:?} {seconds}");
    }
}

#[test]
fn a_failed_set_up_of_an_earlier_try_is_made_anew_and_one_of_this_try_is_final() {
    let seen = Observed {
        rollout: Some(Rollout::Failed(
            FailureCode::SetupFailed,
            "it ended".to_owned(),
        )),
        cause: cause(FailureCode::SetupFailed, true, 0),
        ..seen()
    };
    let command = create(false);

    assert_eq!(
        next(&command, &seen, &Taken::default()),
        Next::Do(Step::Release)
    );
    assert_eq!(
        short(&next(&command, &seen, &taken(&[Step::Release]))),
        "Stuck:SetupFailed"
    );
    let mut waited = Taken::default();
    waited.waited(&Waiting {
        step: Step::Rollout,
        message: String::new(),
        cause: None,
    });
    assert_eq!(short(&next(&command, &seen, &waited)), "Stuck:SetupFailed");
}

#[test]
fn a_pod_that_holds_up_its_set_is_deleted_a_few_times() {
    let seen = Observed {
        rollout: Some(Rollout::Waiting("0 of 1".to_owned())),
        stuck: vec![crate::cluster::workloads::PodIdentity {
            name: "mysql-0".to_owned(),
            uid: "p".to_owned(),
        }],
        ..seen()
    };
    let often = taken(&[Step::Rollout, Step::Rollout, Step::Rollout]);

    assert_eq!(
        next(&create(true), &seen, &Taken::default()),
        Next::Do(Step::Rollout)
    );
    assert_eq!(short(&next(&create(true), &seen, &often)), "Wait:Rollout");
}

#[test]
fn a_shop_that_stays_silent_is_a_failure_in_the_end() {
    let at_shop = taken(&[Step::Storefront]);
    for (seconds, expected) in [(0, "Wait:Storefront"), (180, "Stuck:StorefrontUnreachable")] {
        let seen = Observed {
            storefront: Some(Err("503".to_owned())),
            cause: cause(FailureCode::StorefrontUnreachable, false, seconds),
            ..seen()
        };
        assert_eq!(short(&next(&create(false), &seen, &at_shop)), expected);
    }
}

#[test]
fn a_step_that_keeps_meeting_surprises_ends_the_try() {
    let nothing = Observed::only(Namespace::Absent);
    let mut taken = Taken::default();
    for _ in 0..SURPRISES {
        assert_eq!(
            next(&create(false), &nothing, &taken),
            Next::Do(Step::Namespace)
        );
        taken.again(Step::Namespace, "changed in between");
    }
    let Next::Stuck(failure) = next(&create(false), &nothing, &taken) else {
        unreachable!("stuck")
    };
    assert!(failure.message.contains("changed in between"));
    assert_eq!(failure.step, Some(Step::Namespace));
}
