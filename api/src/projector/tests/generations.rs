//! Events of older and newer generations, and of tries that are put off.

use super::*;

#[test]
fn an_older_generations_events_touch_neither_store_nor_status_of_an_ended_operation() {
    let (mut store, mut operation) = records(OperationKind::Create);
    store.generation = Generation(3);
    store.status = StoreStatus::Deleting;
    store.current_operation_id = OperationId::new();
    operation.ended_by = Some(EndedBy::Delete);
    operation.status = OperationStatus::Superseded;

    for body in [
        ready(),
        failed(FailureCode::CrashLoop, true),
        EventBody::Stopped {
            newer: Generation(3),
        },
    ] {
        let changes = project(&store, &operation, None, &event(&operation, 1, 5, body)).unwrap();
        assert_eq!(
            (changes.store, changes.operation),
            (store.clone(), operation.clone())
        );
        assert_eq!(changes.command, CommandChange::Keep);
    }
}

#[test]
fn an_older_operation_that_is_open_is_closed_by_its_own_events_without_touching_the_store() {
    let (mut store, operation) = records(OperationKind::Create);
    store.generation = Generation(3);
    store.current_operation_id = OperationId::new();
    let stopped = EventBody::Stopped {
        newer: Generation(3),
    };

    let changes = project(&store, &operation, None, &event(&operation, 1, 5, stopped)).unwrap();

    assert_eq!(changes.store, store);
    assert_eq!(changes.operation.status, OperationStatus::Superseded);
    assert_eq!(changes.command, CommandChange::Settle);
}

#[test]
fn a_refusal_that_names_a_generation_above_ours_is_answered_above_it() {
    let (store, operation) = records(OperationKind::Create);
    let stopped = EventBody::Stopped {
        newer: Generation(9),
    };

    let changes = project(&store, &operation, None, &event(&operation, 1, 5, stopped)).unwrap();

    assert_eq!(
        changes.command,
        CommandChange::Reissue {
            generation: Generation(10)
        }
    );
    assert_eq!(changes.store.generation, Generation(10));
    assert_eq!(changes.operation.generation, Generation(10));
    assert!(changes.operation.is_open());
}

#[test]
fn a_deferral_is_the_same_attempt_later_and_a_stale_one_is_nothing() {
    let (store, operation) = records(OperationKind::Create);
    let deferred = || EventBody::Deferred {
        until: at(60),
        reason: "held".to_owned(),
    };

    let changes = project(
        &store,
        &operation,
        None,
        &event(&operation, 1, 5, deferred()),
    )
    .unwrap();
    assert_eq!(changes.command, CommandChange::Defer { until: at(60) });
    let reason = changes.operation.deferrals.keys().next().unwrap();
    assert_eq!(reason, "held");
    let mut without = changes.operation.clone();
    without.deferrals.clear();
    assert_eq!(without, operation);

    let mut later = World::after(
        OperationKind::Create,
        &[event(
            &operation,
            1,
            5,
            failed(FailureCode::ImagePull, true),
        )],
    );
    later.take_in(&event(&operation, 1, 4, deferred()));
    assert_eq!(later.command, Some(2));
}
