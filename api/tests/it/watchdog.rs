//! No operation is stuck: silence is answered, time runs out.

use std::time::Duration;

use shared::contract::command::Goal;
use shared::contract::control::StopReason;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::operation::OperationKind;
use shared::plan::Plan;
use shared::step::Step;

use crate::harness::worker::{failed, ready};
use crate::harness::{TestApi, Worker};

#[actix_web::test]
async fn a_command_whose_worker_fell_silent_is_sent_again() {
    let api = TestApi::ready_with(
        "watchdog_silent",
        &[("URUMI_REDISPATCH_AFTER_SECONDS", "1")],
    )
    .await;
    let mut worker = Worker::of(&api).await;
    api.a_store().await;
    let command = worker.command().await;
    worker
        .say(
            &command,
            EventBody::StepStarted {
                step: Step::Release,
                run: 0,
            },
        )
        .await;

    let again = worker.command().await;
    assert_eq!(
        (again.operation_id, again.attempt),
        (command.operation_id, 1)
    );
}

#[actix_web::test]
async fn a_lost_command_that_nobody_began_is_sent_again() {
    let api =
        TestApi::ready_with("watchdog_lost", &[("URUMI_REDISPATCH_AFTER_SECONDS", "1")]).await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    // Taken and acknowledged by a worker that never said a word.
    worker.command().await;
    assert_eq!(worker.command().await.store_id.as_str(), id);
}

#[actix_web::test]
async fn a_command_that_waits_its_turn_in_the_broker_is_not_sent_twice() {
    let api =
        TestApi::ready_with("watchdog_waits", &[("URUMI_REDISPATCH_AFTER_SECONDS", "1")]).await;
    let id = api.a_store().await;
    shared::wait::pause(
        Duration::from_secs(4),
        &tokio_util::sync::CancellationToken::new(),
    )
    .await;

    let mut worker = Worker::of(&api).await;
    let command = worker.command().await;
    worker.make(&command).await;
    api.store_with(&id, "Ready").await;
    worker.no_command(Duration::from_millis(500)).await;
}

#[actix_web::test]
async fn an_attempt_that_waits_its_turn_is_not_sent_twice_because_an_earlier_one_was_heard() {
    let settings = [("URUMI_REDISPATCH_AFTER_SECONDS", "1")];
    let api = TestApi::ready_with("watchdog_attempt", &settings).await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let first = worker.command().await;
    let started = EventBody::StepStarted {
        step: Step::Rollout,
        run: 0,
    };
    worker.say(&first, started).await;
    worker
        .say(&first, failed(FailureCode::ImagePull, true))
        .await;
    worker.leave().await;
    shared::wait::pause(
        Duration::from_secs(5),
        &tokio_util::sync::CancellationToken::new(),
    )
    .await;

    let mut worker = Worker::of(&api).await;
    let second = worker.command().await;
    assert_eq!(second.attempt, 2);
    worker.make(&second).await;
    api.store_with(&id, "Ready").await;
    worker.no_command(Duration::from_millis(500)).await;
}

#[actix_web::test]
async fn an_operation_past_its_deadline_fails_and_what_comes_later_changes_nothing() {
    let settings = [
        ("URUMI_OPERATION_DEADLINE_SECONDS", "1"),
        ("URUMI_DEADLINE_GRACE_SECONDS", "0"),
        ("URUMI_REDISPATCH_AFTER_SECONDS", "2"),
    ];
    let api = TestApi::ready_with("watchdog_deadline", &settings).await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;
    worker
        .say(
            &command,
            EventBody::StepStarted {
                step: Step::Rollout,
                run: 0,
            },
        )
        .await;
    let waiting = EventBody::StepWaiting {
        step: Step::Rollout,
        message: "0 of 1 pods are ready".to_owned(),
        cause: None,
        run: 0,
    };
    worker.say(&command, waiting).await;

    let store = api.store_with(&id, "Failed").await;
    assert_eq!(store["failure"]["code"], "Timeout");
    assert!(
        store["failure"]["message"]
            .as_str()
            .unwrap()
            .contains("0 of 1 pods are ready"),
        "{store}"
    );
    assert_eq!(store["operation"]["status"], "Failed");
    let control = worker.control().await;
    assert_eq!(
        (control.body.reason, control.generation.0),
        (StopReason::Expired, 2)
    );

    worker.say(&command, ready()).await;
    let late = "operation.late_report Ready".to_owned();
    crate::harness::eventually("the late report is audited", async || {
        api.audit_of(&id).await.contains(&late).then_some(())
    })
    .await;
    assert_eq!(
        api.get(&format!("/stores/{id}")).await.json["status"],
        "Failed"
    );
}

#[actix_web::test]
async fn a_change_past_its_deadline_goes_back_to_what_served() {
    let settings = [
        ("URUMI_OPERATION_DEADLINE_SECONDS", "3"),
        ("URUMI_DEADLINE_GRACE_SECONDS", "0"),
        ("URUMI_REDISPATCH_AFTER_SECONDS", "60"),
    ];
    let api = TestApi::ready_with("watchdog_goes_back", &settings).await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let change = serde_json::json!({"plan": "medium"});
    api.patch(&format!("/stores/{id}"), change).await;
    let update = worker.command().await;
    let started = EventBody::StepStarted {
        step: Step::Rollout,
        run: 0,
    };
    worker.say(&update, started).await;

    let back = worker.command().await;
    assert_eq!(back.body.kind, OperationKind::Rollback);
    assert!(back.generation > update.generation);
    let Goal::Present { spec } = &back.body.goal else {
        panic!("{back:?}")
    };
    assert_eq!(spec.plan, Plan::Small);
    worker.make(&back).await;
    let store = api.store_with(&id, "Ready").await;
    assert_eq!(store["plan"], "small");
    let audit = api.audit_of(&id).await;
    for said in [
        "operation.failed Timeout",
        "store.rollback.requested accepted",
    ] {
        assert!(audit.contains(&said.to_owned()), "{said}: {audit:?}");
    }
}

#[actix_web::test]
async fn an_operation_that_no_worker_began_in_time_fails() {
    let settings = [
        ("URUMI_OPERATION_START_WITHIN_SECONDS", "1"),
        ("URUMI_DEADLINE_GRACE_SECONDS", "0"),
        ("URUMI_REDISPATCH_AFTER_SECONDS", "2"),
    ];
    let api = TestApi::ready_with("watchdog_never_began", &settings).await;
    let id = api.a_store().await;
    let store = api.store_with(&id, "Failed").await;
    assert!(
        store["failure"]["message"]
            .as_str()
            .unwrap()
            .contains("No worker began"),
        "{store}"
    );
}
