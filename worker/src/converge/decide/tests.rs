//! One row a situation.

use shared::operation::OperationKind;
use shared::testing::a_spec;
use time::OffsetDateTime;

use super::*;
use crate::settings::{DEFAULTS, Settings};

mod going_back;
mod release;
mod removal;

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
        ready_revision: ever_ready.then_some(1),
        labelled: true,
    }
}

fn foreign() -> Namespace {
    Namespace::Foreign {
        marks: "somebody's".to_owned(),
        ours: Vec::new(),
    }
}

fn release_of(status: ReleaseStatus, last_good: Option<i64>) -> Found {
    Found::Release {
        release: Release {
            revision: 2,
            status,
            digest: None,
            last_good,
            doubled: false,
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
        Next::GiveUp(failure) => format!("GiveUp:{}", failure.code.as_str()),
        Next::Back(failure) => format!("Back:{}", failure.code.as_str()),
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
fn a_store_that_rests_is_done_without_its_shop_and_one_that_wakes_gets_its_pods_back() {
    let mut rest = create(true);
    if let Goal::Present { spec } = &mut rest.goal {
        spec.suspended = true;
    }
    assert_eq!(next(&rest, &seen(), &taken(&[])), Next::Done);
    assert_eq!(
        next(&create(true), &seen(), &taken(&[])),
        Next::Do(Step::Storefront)
    );

    let waking = Observed {
        restore: Some(3),
        ..seen()
    };
    let woken = |times| next(&create(true), &waking, &taken(&vec![Step::Rollout; times]));
    assert_eq!(woken(0), Next::Do(Step::Rollout));
    // An autoscaler that thinks otherwise has the last word.
    assert_eq!(woken(3), Next::Do(Step::Storefront));
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
