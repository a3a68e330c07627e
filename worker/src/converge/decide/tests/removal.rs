//! Namespaces that are somebody else's, or on their way out: one row a situation.

use super::*;

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
    // Its marks were lost, but what is in it is ours: it is neither gone nor touched.
    let unmarked = Observed::only(Namespace::Foreign {
        marks: "none".to_owned(),
        ours: vec!["Secret/store-credentials".to_owned()],
    });
    let found = next(&delete(false), &unmarked, &Taken::default());
    let Next::Stuck(failure) = found else {
        unreachable!("it is a conflict: {found:?}")
    };
    assert_eq!(failure.code, FailureCode::NamespaceConflict);
    assert!(failure.message.contains("Secret/store-credentials"));
}

#[test]
fn a_delete_deletes_once_and_waits_until_all_is_gone() {
    let once = taken(&[Step::Purge]);
    for (seen, taken, expected) in [
        (Observed::only(ours(true)), &Taken::default(), "Do:Purge"),
        (Observed::only(ours(true)), &once, "Wait:Purge"),
        (terminating(), &once, "Wait:Purge"),
        // Of a try that was cut off: its pods may still have their whole grace.
        (terminating(), &Taken::default(), "Do:Purge"),
        (Observed::only(Namespace::Absent), &once, "Done"),
    ] {
        assert_eq!(short(&next(&delete(true), &seen, taken)), expected);
    }
}

fn terminating() -> Observed {
    Observed::only(Namespace::Terminating {
        holders: vec![Holder {
            object: "Pod/mysql-0".to_owned(),
            waits_for: "it has until 12:00:00 UTC to end".to_owned(),
            blocks: false,
        }],
    })
}

#[test]
fn a_blocked_removal_is_shown_at_once_and_ends_after_its_patience() {
    let once = taken(&[Step::Purge]);
    let Next::Wait(waiting) = next(&delete(true), &terminating(), &once) else {
        unreachable!("it waits")
    };
    assert!(waiting.message.contains("Pod/mysql-0: it has until"));
    assert_eq!(waiting.cause, None);
    for (command, taken, step) in [
        (delete(true), &once, Step::Purge),
        (create(false), &Taken::default(), Step::Namespace),
    ] {
        let seen = |seconds| Observed {
            cause: cause(FailureCode::DeleteBlocked, false, seconds),
            ..terminating()
        };
        let Next::Wait(waiting) = next(&command, &seen(0), taken) else {
            unreachable!("it waits")
        };
        let shown = waiting.cause.map(|cause| cause.code);
        assert_eq!(shown, Some(FailureCode::DeleteBlocked));
        let Next::Stuck(failure) = next(&command, &seen(20), taken) else {
            unreachable!("it ends")
        };
        assert_eq!(failure.step, Some(step));
    }
}

#[test]
fn a_create_waits_for_the_namespace_of_before_to_go() {
    let found = next(&create(false), &terminating(), &Taken::default());
    assert_eq!(short(&found), "Wait:Namespace");
}
