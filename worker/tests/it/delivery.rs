//! Deliveries: unreadable, repeated, cut off, superseded, handed back.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::ListParams;
use shared::amqp::topology::{COMMANDS, CONTROL};
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::ids::Generation;
use shared::step::Step;
use shared::testing::a_create;
use time::OffsetDateTime;

use crate::harness::{Installation, until};

const SOON: Duration = Duration::from_secs(60);

fn at(step: Step) -> impl Fn(&EventBody) -> bool {
    move |event| matches!(event, EventBody::StepStarted { step: found } if *found == step)
}

/// As the api does: say a deferred command again when its time has come.
async fn until_ready(here: &Installation, command: &Envelope<Command>, within: Duration) {
    let deadline = Instant::now() + within;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let settled = here.broker.until(left, EventBody::settles).await;
        match &settled.last().unwrap().body {
            EventBody::Ready { .. } => return,
            EventBody::Deferred { until: moment, .. } => {
                let moment = *moment;
                until("the deferral ends", left, async || {
                    OffsetDateTime::now_utc() >= moment
                })
                .await;
                here.broker.command(command).await;
            }
            other => panic!("{other:?}\n{}", here.log()),
        }
    }
}

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
async fn a_killed_worker_is_followed_by_another_that_finishes_with_one_release() {
    for step in [Step::Credentials, Step::Release, Step::Rollout] {
        let mut here = Installation::start().await;
        if step == Step::Rollout {
            // It waits there until the second worker has a chart without pods.
            here.values("web: { replicas: 1 }");
            here.set("URUMI_PATIENCE_UNSCHEDULABLE_SECONDS", "600");
        }
        here.open_shop().await;
        let command = a_create();
        let first = here.worker();
        here.broker.command(&command).await;
        here.broker.until(SOON, at(step)).await;
        first.kill();
        here.values("{}");

        let _second = here.worker();
        // Its lease, while helm runs, is 8 s here.
        until_ready(&here, &command, SOON).await;

        let secrets = here.cluster.of::<Secret>(command.store_id.as_str());
        let ours = ListParams::default().labels("owner=helm");
        let records = secrets.list(&ours).await.unwrap().items;
        let deployed = records
            .iter()
            .filter(|secret| secret.metadata.labels.as_ref().unwrap()["status"] == "deployed");
        assert_eq!(deployed.count(), 1, "{step:?}");
        here.clean(&[command.store_id.as_str()]).await;
    }
}

#[tokio::test]
async fn a_stopped_worker_hands_its_store_back_at_once() {
    let mut here = Installation::start().await;
    here.set("URUMI_PATIENCE_UNSCHEDULABLE_SECONDS", "600");
    here.values("web: { replicas: 1 }");
    here.open_shop().await;
    let command = a_create();
    let first = here.worker();
    here.broker.command(&command).await;
    here.broker.until(SOON, at(Step::Rollout)).await;

    let begun = Instant::now();
    assert!(first.stop(Duration::from_secs(10)).await, "{}", here.log());
    let events = here.broker.until_settled(SOON).await;

    assert!(matches!(events.last(), Some(EventBody::Deferred { .. })));
    assert!(begun.elapsed() < Duration::from_secs(10));
    here.values("{}");
    let _second = here.worker();
    here.broker.command(&command).await;
    let events = here.broker.until_settled(SOON).await;
    assert!(
        matches!(events.last(), Some(EventBody::Ready { .. })),
        "{events:?}"
    );
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

    let [EventBody::Failed { failure, changed }] = events.as_slice() else {
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
    command.body.budget_ms = 8_000;

    here.broker.command(&command).await;
    let events = here.broker.until_settled(SOON).await;

    let Some(EventBody::Failed { failure, changed }) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!(failure.code, FailureCode::Unschedulable, "{failure:?}");
    assert_eq!((failure.step, *changed), (Some(Step::Rollout), true));
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn with_the_cluster_away_a_store_waits_and_says_why() {
    let mut here = Installation::start().await;
    let kubeconfig = std::fs::read_to_string(crate::harness::variable("TEST_KUBECONFIG")).unwrap();
    let away = here.folder.path().join("away");
    // A port of ours that nobody listens on.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let lines = kubeconfig
        .lines()
        .map(|line| match line.split_once("server:") {
            Some((before, _)) => format!("{before}server: https://127.0.0.1:{port}"),
            None => line.to_owned(),
        });
    std::fs::write(&away, lines.collect::<Vec<_>>().join("\n")).unwrap();
    here.set("KUBECONFIG", away.display().to_string());
    let _worker = here.worker();
    let mut command = a_create();
    command.body.budget_ms = 6_000;

    here.broker.command(&command).await;
    let events = here.broker.until_settled(SOON).await;

    let shown = events.iter().any(|event| {
        matches!(event, EventBody::StepWaiting { cause: Some(cause), .. }
            if cause.code == FailureCode::ClusterUnreachable)
    });
    assert!(shown, "{events:?}");
    // Nothing can be settled without a Lease, so it is put off, not failed.
    assert!(
        matches!(events.last(), Some(EventBody::Deferred { .. })),
        "{events:?}"
    );
}
