//! Workers, brokers and clusters that go away in the middle.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use shared::amqp::topology::COMMANDS;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::step::Step;
use shared::testing::a_create;

use crate::harness::{Installation, until};
use crate::stores::{at, slow_helm, until_all_ready, until_ready};

const SOON: Duration = Duration::from_secs(60);

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
async fn a_stop_lets_helm_finish_and_then_hands_back() {
    let mut here = Installation::start().await;
    let pid = slow_helm(&mut here, 2);
    here.open_shop().await;
    let command = a_create();
    let worker = here.worker();
    here.broker.command(&command).await;
    until("helm runs", SOON, async || pid.exists()).await;

    assert!(worker.stop(Duration::from_secs(20)).await, "{}", here.log());
    let events = here.broker.until_settled(SOON).await;

    let finished = EventBody::StepFinished {
        step: Step::Release,
        changed: true,
        failed: false,
        run: 0,
    };
    assert!(events.contains(&finished), "{events:?}");
    assert!(matches!(events.last(), Some(EventBody::Deferred { .. })));
    here.clean(&[command.store_id.as_str()]).await;
}

#[tokio::test]
async fn a_killed_worker_takes_its_helm_with_it() {
    let mut here = Installation::start().await;
    let pid = slow_helm(&mut here, 300);
    let command = a_create();
    let worker = here.worker();
    here.broker.command(&command).await;
    until("helm runs", SOON, async || pid.exists()).await;

    worker.kill();

    until("helm is gone", Duration::from_secs(5), async || {
        let pid = std::fs::read_to_string(&pid).unwrap();
        !std::fs::read(format!("/proc/{}/cmdline", pid.trim())).is_ok_and(|c| !c.is_empty())
    })
    .await;
    here.clean(&[command.store_id.as_str()]).await;
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
    // A later holder's runs of a step are not those of an earlier one.
    let mut runs = events.iter().filter_map(|event| match event {
        EventBody::StepStarted { run, .. } => Some(*run),
        _ => None,
    });
    assert!(runs.all(|run| (100..200).contains(&run)), "{events:?}");
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

#[tokio::test]
async fn a_lost_broker_does_not_stop_a_job_and_what_comes_again_is_settled_with_it() {
    let mut here = Installation::start().await;
    here.set("URUMI_PATIENCE_UNSCHEDULABLE_SECONDS", "600");
    here.values("web: { replicas: 1 }");
    here.open_shop().await;
    let worker = here.worker();
    let command = a_create();
    here.broker.command(&command).await;
    here.broker.until(SOON, at(Step::Rollout)).await;

    here.broker.break_connections("worker-").await;
    // The old delivery is void, the job goes on, and answers the new one.
    until("the delivery comes again", SOON, async || {
        here.log().contains("a lost delivery came again")
    })
    .await;
    let store = command.store_id.as_str();
    let scale = kube::api::Patch::Merge(serde_json::json!({"spec": {"replicas": 0}}));
    here.cluster
        .of::<k8s_openapi::api::apps::v1::Deployment>(store)
        .patch("wordpress", &Default::default(), &scale)
        .await
        .unwrap();

    let events = here.broker.until_settled(SOON).await;
    assert!(
        matches!(events.last(), Some(EventBody::Ready { .. })),
        "{events:?}"
    );
    let starts = here.log().matches("StepStarted").count();
    assert_eq!(starts, 5, "the second delivery began anew: {}", here.log());
    // It was settled: with the worker gone nothing is delivered once more.
    assert!(worker.stop(SOON).await, "{}", here.log());
    assert_eq!(here.broker.waiting_in(COMMANDS.name).await, 0);
    here.clean(&[store]).await;
}

#[tokio::test]
async fn a_rolling_restart_of_two_workers_loses_nothing() {
    let mut here = Installation::start().await;
    let pid = slow_helm(&mut here, 2);
    here.open_shop().await;
    let (first, second) = (here.worker(), here.worker());
    let commands: Vec<_> = (0..6).map(|_| a_create()).collect();
    for command in &commands {
        here.broker.command(command).await;
    }
    until("helm runs", SOON, async || pid.exists()).await;

    // One after the other, each under its work.
    let mut new = Vec::new();
    for old in [first, second] {
        assert!(old.stop(Duration::from_secs(40)).await, "{}", here.log());
        new.push(here.worker());
    }
    until_all_ready(&here, &commands, SOON).await;

    for command in &commands {
        let secrets = here.cluster.of::<Secret>(command.store_id.as_str());
        let ours = ListParams::default().labels("owner=helm");
        let records = secrets.list(&ours).await.unwrap().items;
        assert_eq!(records.len(), 1, "helm ran once for each store");
    }
    let stores: Vec<&str> = commands.iter().map(|c| c.store_id.as_str()).collect();
    here.clean(&stores).await;
}
