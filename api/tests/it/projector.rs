//! The projector with real messages: duplicates, any order, old generations,
//! retries, deferrals, and messages that nobody can use.

use std::time::Duration;

use serde_json::{Value, json};
use shared::amqp::topology::{COMMANDS, EVENTS};
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::contract::event::{EventBody, event_for};
use shared::failure::FailureCode;
use shared::ids::{Generation, OperationId};
use shared::step::Step;
use time::OffsetDateTime;

use crate::harness::worker::{failed, ready};
use crate::harness::{TestApi, Worker, eventually};

/// The events of a create that failed once, each at its own second.
fn history(first: &Envelope<Command>, began: OffsetDateTime) -> Vec<Vec<u8>> {
    let mut second = first.clone();
    second.attempt = 2;
    let started = |step| EventBody::StepStarted { step, run: 0 };
    let finished = |step| EventBody::StepFinished {
        step,
        changed: true,
        failed: false,
        run: 0,
    };
    let waiting = EventBody::StepWaiting {
        step: Step::Rollout,
        message: "1 of 2".to_owned(),
        cause: None,
        run: 0,
    };
    let told = [
        (first, started(Step::Namespace)),
        (first, finished(Step::Namespace)),
        (first, started(Step::Rollout)),
        (first, failed(FailureCode::ImagePull, true)),
        (&second, started(Step::Rollout)),
        (&second, waiting),
        (&second, finished(Step::Rollout)),
        (&second, ready()),
    ];
    let encode = |(n, (command, body)): (i32, (&Envelope<Command>, EventBody))| {
        event_for(command, began + time::Duration::seconds(i64::from(n)), body)
            .encode()
            .unwrap()
    };
    (0..).zip(told).map(encode).collect()
}

/// What of a store must not depend on the order; ids differ and are left out.
fn essence(mut store: Value, id: &str) -> Value {
    for key in ["created_at", "updated_at"] {
        store[key] = Value::Null;
        store["operation"][key] = Value::Null;
    }
    let operation = store["operation"]["id"].as_str().unwrap().to_owned();
    let text = store
        .to_string()
        .replace(id, "ID")
        .replace(&operation, "OPERATION");
    serde_json::from_str(&text).unwrap()
}

#[actix_web::test]
async fn any_order_and_repetition_of_a_stores_events_gives_one_record() {
    let api = TestApi::ready_with(
        "projector_order",
        &[
            ("URUMI_RETRY_BASE_MS", "60000"),
            ("URUMI_RETRY_MAX_MS", "60000"),
        ],
    )
    .await;
    let mut worker = Worker::of(&api).await;
    let began = OffsetDateTime::now_utc();
    let mut ids = Vec::new();
    for seed in 0..24_usize {
        ids.push(api.a_store().await);
        let events = history(&worker.command().await, began);
        // A fixed shuffle for each seed, and every second event twice.
        let mut order: Vec<usize> = (0..events.len())
            .chain((0..events.len()).step_by(2))
            .collect();
        if seed > 0 {
            order.sort_by_key(|n| (n + 1) * (2 * seed + 1) * 7919 % 101);
        }
        for n in order {
            worker.send(events[n].clone()).await;
        }
    }
    all_taken_in(&api, 24 * 8).await;

    let mut first = None;
    for id in &ids {
        let found = essence(api.get(&format!("/stores/{id}")).await.json, id);
        assert_eq!(found["status"], "Ready");
        assert_eq!(&found, first.get_or_insert_with(|| found.clone()), "{id}");
        let audit = api.audit_of(id).await;
        assert_eq!(
            audit
                .iter()
                .filter(|line| *line == "store.ready succeeded")
                .count(),
            1,
            "{audit:?}"
        );
    }
}

/// Until so many events were taken in, each once.
async fn all_taken_in(api: &TestApi, events: i64) {
    eventually("all events are taken in", async || {
        let mut sql = api.servers.sql().await;
        let known: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(&mut sql)
            .await
            .unwrap();
        (known == events).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_failure_that_can_be_cured_is_tried_again_and_then_ready() {
    let api = TestApi::ready("projector_retry").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let first = worker.command().await;
    worker
        .say(
            &first,
            EventBody::StepStarted {
                step: Step::Rollout,
                run: 0,
            },
        )
        .await;
    worker
        .say(&first, failed(FailureCode::CrashLoop, true))
        .await;

    let second = worker.command().await;
    assert_eq!((second.attempt, second.generation), (2, first.generation));
    assert_ne!(second.id, first.id);
    assert!(second.body.budget_ms < first.body.budget_ms);
    let store = api.store_with(&id, "Provisioning").await;
    assert_eq!(store["operation"]["attempt"], 2);
    assert_eq!(store["operation"]["failure"]["code"], "CrashLoop");
    assert_eq!(store["operation"]["steps"][0]["outcome"], "Failed");

    worker.make(&second).await;
    let store = api.store_with(&id, "Ready").await;
    assert_eq!(store["failure"], Value::Null);
    assert!(
        api.audit_of(&id)
            .await
            .contains(&"operation.attempt_failed CrashLoop".to_owned())
    );
}

#[actix_web::test]
async fn the_last_attempts_failure_is_the_stores() {
    let api =
        TestApi::ready_with("projector_failed", &[("URUMI_OPERATION_MAX_ATTEMPTS", "2")]).await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    for _ in 0..2 {
        let command = worker.command().await;
        worker
            .say(&command, failed(FailureCode::ImagePull, true))
            .await;
    }
    let store = api.store_with(&id, "Failed").await;
    assert_eq!(store["failure"]["code"], "ImagePull");
    assert!(store["failure"]["next_action"].is_string());
    worker.no_command(Duration::from_millis(500)).await;
    let audit = api.audit_of(&id).await;
    assert_eq!(
        audit[audit.len() - 2..],
        ["operation.failed ImagePull", "store.failed ImagePull"]
    );
}

#[actix_web::test]
async fn a_deferred_command_comes_again_later_as_the_same_attempt() {
    let api = TestApi::ready("projector_deferred").await;
    let mut worker = Worker::of(&api).await;
    api.a_store().await;
    let command = worker.command().await;

    let until = OffsetDateTime::now_utc() + time::Duration::seconds(1);
    worker
        .say(
            &command,
            EventBody::Deferred {
                until,
                reason: "held".to_owned(),
            },
        )
        .await;

    let again = worker.command().await;
    assert!(OffsetDateTime::now_utc() >= until);
    assert_eq!(
        (again.attempt, again.operation_id),
        (1, command.operation_id)
    );
}

#[actix_web::test]
async fn a_record_behind_the_cluster_is_said_again_above_it() {
    let api = TestApi::ready("projector_reissue").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;

    worker
        .say(
            &command,
            EventBody::Stopped {
                newer: Generation(7),
            },
        )
        .await;

    let again = worker.command().await;
    assert_eq!(again.generation, Generation(8));
    worker.make(&again).await;
    assert_eq!(api.store_with(&id, "Ready").await["generation"], 8);
}

#[actix_web::test]
async fn messages_that_nobody_can_use_are_parked_with_their_reason_and_block_nothing() {
    let api = TestApi::ready("projector_parked").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;
    worker.send(b"\xff\x00 not json".to_vec()).await;
    let mut unknown = command.clone();
    unknown.operation_id = OperationId::new();
    worker.say(&unknown, ready()).await;
    worker.say(&command, EventBody::Deleted).await;
    let newer = json!({"id": command.id, "body": {"type": "SomethingNew"}});
    worker.send(newer.to_string().into_bytes()).await;

    worker.make(&command).await;
    api.store_with(&id, "Ready").await;

    let mut sql = api.servers.sql().await;
    let reasons: Vec<String> =
        sqlx::query_scalar("SELECT reason FROM parked_messages ORDER BY received_at")
            .fetch_all(&mut sql)
            .await
            .unwrap();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(
        reasons[0].contains("not one this build understands"),
        "{reasons:?}"
    );
    assert!(reasons[1].contains("no operation"), "{reasons:?}");
    assert!(reasons[2].contains("does not fit"), "{reasons:?}");
}

#[actix_web::test]
async fn what_the_broker_gave_up_on_is_taken_in_after_all_or_parked() {
    let mut api = TestApi::ready("projector_dead").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;
    api.halt();
    let event = event_for(&command, OffsetDateTime::now_utc(), ready());
    worker.bury(EVENTS, event.encode().unwrap()).await;
    worker.bury(COMMANDS, command.encode().unwrap()).await;

    api.run();
    api.until_ready().await;

    api.store_with(&id, "Ready").await;
    // The queue of commands is emptied after that of events.
    let (queue, reason): (String, String) = eventually("the command is parked", async || {
        sqlx::query_as("SELECT queue, reason FROM parked_messages")
            .fetch_optional(&mut api.servers.sql().await)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(queue, "store.commands.dead");
    assert!(reason.contains("dead-lettered"), "{reason}");
}

#[actix_web::test]
async fn characters_that_postgres_cannot_keep_do_not_lose_a_failure() {
    let api = TestApi::ready("projector_nul").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;
    let mut body = failed(FailureCode::SetupFailed, true);
    if let EventBody::Failed { failure, .. } = &mut body {
        failure.message = "log: a\0b".to_owned();
    }
    worker.say(&command, body).await;
    let store = api.store_with(&id, "Failed").await;
    assert_eq!(store["failure"]["message"], "log: a\u{fffd}b");
}
