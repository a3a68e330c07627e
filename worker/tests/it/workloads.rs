//! Workloads that do not arrive, judged on a real apiserver with its controllers
//! but without nodes.

use std::time::{Duration, Instant};

use shared::contract::event::EventBody;
use shared::failure::{Failure, FailureCode};
use shared::step::Step;
use shared::testing::a_create;

use crate::harness::Installation;

const SOON: Duration = Duration::from_secs(60);

async fn failure_with(values: &str, patience: &str) -> (Failure, Duration) {
    let mut here = Installation::unhurried().await;
    here.set("URUMI_PATIENCE_UNSCHEDULABLE_SECONDS", patience);
    here.set("URUMI_PATIENCE_QUOTA_EXCEEDED_SECONDS", patience);
    let _worker = here.worker();
    here.values(values);
    let command = a_create();
    here.broker.command(&command).await;
    let rollout = |event: &EventBody| {
        matches!(
            event,
            EventBody::StepStarted {
                step: Step::Rollout,
                run: 0,
            }
        ) || event.settles()
    };
    here.broker.until(SOON, rollout).await;
    let begun = Instant::now();
    let events = here.broker.until_settled(Duration::from_secs(20)).await;
    here.clean(&[command.store_id.as_str()]).await;
    match events.last() {
        Some(EventBody::Failed { failure, .. }) => (failure.clone(), begun.elapsed()),
        other => panic!("{other:?}\n{}", here.log()),
    }
}

#[tokio::test]
async fn pods_that_pod_security_refuses_end_the_wait_at_once() {
    let (failure, took) = failure_with("web: { replicas: 1, escalate: true }", "600").await;

    assert_eq!(failure.code, FailureCode::PodSecurity, "{failure:?}");
    assert_eq!(failure.step, Some(Step::Rollout));
    assert!(failure.message.contains("Deployment/wordpress"));
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn pods_without_a_node_fail_after_their_patience() {
    let (failure, took) = failure_with("web: { replicas: 1 }", "4").await;

    assert_eq!(failure.code, FailureCode::Unschedulable, "{failure:?}");
    assert!(failure.retryable);
    assert!(took >= Duration::from_secs(3), "{took:?}");
    assert!(!failure.evidence.is_empty(), "{failure:?}");
}

#[tokio::test]
async fn the_stores_own_chart_takes_the_workers_values() {
    let mut here = Installation::unhurried().await;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap();
    here.set(
        "URUMI_CHART",
        root.join("charts/store").display().to_string(),
    );
    here.set("URUMI_VALUES_DIR", root.display().to_string());
    let _worker = here.worker();
    let command = a_create();

    here.broker.command(&command).await;
    let waits = |event: &EventBody| {
        matches!(
            event,
            EventBody::StepWaiting {
                step: Step::Rollout,
                ..
            }
        ) || event.settles()
    };
    let events = here.broker.until(SOON, waits).await;

    let last = &events.last().unwrap().body;
    assert!(!last.settles(), "{last:?}");
    here.clean(&[command.store_id.as_str()]).await;
}
