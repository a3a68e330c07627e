//! Deliveries: unreadable, repeated, cut off, superseded, handed back.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Namespace;
use shared::amqp::topology::{COMMANDS, CONTROL};
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::ids::Generation;
use shared::step::Step;
use shared::testing::a_create;
use time::OffsetDateTime;

use crate::harness::{Installation, helm_script, until, variable};
use crate::stores::{at, slow_helm, until_ready};

const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_cannot_be_read_is_put_aside_and_the_rest_goes_on() {
    let here = Installation::start().await;
    let _worker = here.worker();
    here.open_shop().await;

    for rubbish in ["not json", "{}", "{\"id\": 7}"] {
        here.broker.publish(COMMANDS, rubbish.as_bytes()).await;
        here.broker.publish(CONTROL, rubbish.as_bytes()).await;
    }
    let command = a_create();
    here.broker.command(&command).await;
    until_ready(&here, &command, SOON).await;

    for queue in [COMMANDS, CONTROL] {
        until("three dead letters", SOON, async || {
            here.broker.waiting_in(queue.dead).await == 3
        })
        .await;
    }
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_control_message_stops_what_runs_and_frees_its_slot() {
    let mut here = Installation::start().await;
    here.set("URUMI_SLOTS", "1");
    here.set("URUMI_PATIENCE_UNSCHEDULABLE_SECONDS", "600");
    here.values("web: { replicas: 1 }");
    here.open_shop().await;
    let _worker = here.worker();
    let command = a_create();
    here.broker.command(&command).await;
    here.broker.until(SOON, at(Step::Rollout)).await;

    here.broker.control(&command.store_id, 2, &command).await;
    let begun = Instant::now();
    let events = here.broker.until_settled(SOON).await;

    assert_eq!(
        events.last(),
        Some(&EventBody::Stopped {
            newer: Generation(2)
        })
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
    here.values("{}");
    let other = a_create();
    here.broker.command(&other).await;
    until_ready(&here, &other, SOON).await;
    here.clean(&[command.store_id.as_str(), other.store_id.as_str()])
        .await;
}

#[tokio::test]
async fn never_more_stores_at_once_than_slots() {
    let mut here = Installation::start().await;
    here.set("URUMI_PATIENCE_UNSCHEDULABLE_SECONDS", "600");
    here.values("web: { replicas: 1 }");
    let _worker = here.worker();
    let commands: Vec<_> = (0..5).map(|_| a_create()).collect();
    for command in &commands {
        here.broker.command(command).await;
    }

    here.broker.until(SOON, at(Step::Rollout)).await;
    here.broker.until(SOON, at(Step::Rollout)).await;
    let third = here.broker.event(Duration::from_secs(3)).await;
    let begins = third.is_some_and(|event| at(Step::Namespace)(&event.body));

    assert!(!begins);
    let namespaces = here.cluster.all::<Namespace>();
    let mut made = 0;
    for command in &commands {
        let found = namespaces.get_opt(command.store_id.as_str()).await.unwrap();
        made += usize::from(found.is_some());
    }
    assert_eq!(made, 2);
    let stores: Vec<&str> = commands.iter().map(|c| c.store_id.as_str()).collect();
    here.clean(&stores).await;
}

#[tokio::test]
async fn a_command_whose_time_has_passed_is_not_begun() {
    let here = Installation::start().await;
    let _worker = here.worker();
    let mut command = a_create();
    command.body.not_after = OffsetDateTime::now_utc() - time::Duration::minutes(1);

    here.broker.command(&command).await;
    let events = here.broker.until_settled(SOON).await;

    let [
        EventBody::Failed {
            failure,
            changed,
            run: 0,
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!((failure.code, *changed), (FailureCode::Timeout, false));
    let namespaces = here.cluster.all::<Namespace>();
    let found = namespaces.get_opt(command.store_id.as_str()).await.unwrap();
    assert!(found.is_none());
    here.clean(&[]).await;
}

#[tokio::test]
async fn a_try_ends_when_its_budget_is_used_up_and_says_what_it_waited_for() {
    let mut here = Installation::start().await;
    here.set("URUMI_PATIENCE_UNSCHEDULABLE_SECONDS", "600");
    here.values("web: { replicas: 1 }");
    let _worker = here.worker();
    let mut command = a_create();
    command.body.budget_ms = 20_000;

    here.broker.command(&command).await;
    let events = here.broker.until_settled(SOON).await;

    let Some(EventBody::Failed {
        failure,
        changed,
        run: 0,
    }) = events.last()
    else {
        panic!("{events:?}")
    };
    assert_eq!(failure.code, FailureCode::Unschedulable, "{failure:?}");
    assert_eq!((failure.step, *changed), (Some(Step::Rollout), true));
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_newer_intent_ends_a_running_helm_within_seconds() {
    let mut here = Installation::start().await;
    let pid = slow_helm(&mut here, 300);
    let _worker = here.worker();
    let command = a_create();
    here.broker.command(&command).await;
    until("helm runs", SOON, async || pid.exists()).await;
    let begun = Instant::now();

    let delete = Envelope {
        generation: Generation(2),
        ..shared::testing::a_command(
            command.store_id.clone(),
            shared::operation::OperationKind::Delete,
            shared::contract::command::Goal::Absent,
        )
    };
    here.broker.command(&delete).await;
    let stopped = here.broker.until_settled(SOON).await;
    assert!(
        matches!(stopped.last(), Some(EventBody::Stopped { .. })),
        "{stopped:?}"
    );
    // Long before helm's own limit, which is 30 s here.
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    let deleted = here.broker.until_settled(SOON).await;

    assert_eq!(deleted.last(), Some(&EventBody::Deleted), "{}", here.log());
    here.clean(&[]).await;
}

#[tokio::test]
async fn a_command_said_again_while_it_is_done_keeps_no_place_from_healthy_stores() {
    let mut here = Installation::start().await;
    let slow = here.folder.path().join("slow");
    let pid = slow_helm_while(&mut here, &slow);
    std::fs::write(&slow, "").unwrap();
    here.open_shop().await;
    let worker = here.worker();
    let command = a_create();
    here.broker.command(&command).await;
    until("helm runs", SOON, async || pid.exists()).await;
    std::fs::remove_file(&slow).unwrap();

    // As a watchdog does that hears nothing; and with the connection lost under it.
    for _ in 0..3 {
        here.broker.command(&command).await;
    }
    let other = a_create();
    here.broker.command(&other).await;
    until_ready_of(&here, &other).await;
    here.broker.break_connections("worker").await;
    let third = a_create();
    here.broker.command(&third).await;
    until_ready_of(&here, &third).await;
    assert!(pid.exists(), "{}", here.log());

    std::fs::remove_file(&pid).unwrap();
    until_ready_of(&here, &command).await;
    // Each delivery was settled: with the worker gone none comes once more.
    assert!(worker.stop(SOON).await, "{}", here.log());
    assert_eq!(here.broker.waiting_in(COMMANDS.name).await, 0);
    let stores = [&command, &other, &third].map(|command| command.store_id.as_str());
    here.clean(&stores).await;
}

/// While the file is there a helm that begins waits until its own file is gone.
fn slow_helm_while(here: &mut Installation, file: &std::path::Path) -> std::path::PathBuf {
    let folder = here.folder.path().to_owned();
    let pid = folder.join("helm.pid");
    let script = format!(
        "if [ -e {0} ]; then\necho $$ >{1}\nwhile [ -e {1} ]; do sleep 0.1; done\nfi\nexec {2} \"$@\"",
        file.display(),
        pid.display(),
        variable("TEST_HELM")
    );
    let helm = helm_script(&folder, &script, SOON);
    here.set("URUMI_HELM", helm.program.display().to_string());
    pid
}

/// Until that store is ready, whatever else is said.
async fn until_ready_of(here: &Installation, command: &Envelope<Command>) {
    until("the store is ready", SOON, async || {
        let event = here.broker.event(Duration::from_millis(200)).await;
        event.is_some_and(|event| {
            event.store_id == command.store_id && matches!(event.body, EventBody::Ready { .. })
        })
    })
    .await;
}
