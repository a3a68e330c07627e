//! A worker (or helm's guard) that is killed at each fault point on the way of a
//! create, an update and a delete: another one brings the store to its goal.
//! Only in builds with the feature `faults`.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::ResourceExt as _;
use kube::api::ListParams;
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::fault::{Point, WORKER};
use shared::operation::OperationKind;
use shared::testing::a_create;

use crate::harness::{Installation, until};
use crate::stores::{a_ready_store, again};

const SOON: Duration = Duration::from_secs(90);
/// What a worker does after the outcome is done within this.
const AFTER: Duration = Duration::from_secs(5);
/// Stores without pods may have arrived at the first look.
const MAY_BE_MISSED: &[&str] = &["worker.rollout.waiting"];

/// Kill there, let another worker go on, and give how long that took; nothing if
/// the point was not met.
async fn killed_at(point: &str, kind: OperationKind) -> Option<Duration> {
    let mut here = Installation::start().await;
    here.set("URUMI_FAULTS", here.folder.path().display().to_string());
    here.open_shop().await;
    let first = here.worker();
    let mut command = match kind {
        OperationKind::Create => a_create(),
        kind => a_ready_store_for(&here, kind).await,
    };
    let (armed, fired) = (
        here.folder.path().join("armed"),
        here.folder.path().join("fired"),
    );
    std::fs::write(&armed, format!("{point} kill")).unwrap();
    here.broker.command(&command).await;
    let mut outcome = None;
    let mut said: Option<Instant> = None;
    until(&format!("{point} is met"), SOON, async || {
        let event = here.broker.event(Duration::from_millis(50)).await;
        let ours = event.filter(|event| event.generation == command.generation);
        if let Some(event) = ours.filter(|event| event.body.settles()) {
            outcome = Some(event.body);
            said = Some(Instant::now());
        }
        // Some points come after the outcome.
        fired.exists() || said.is_some_and(|said| said.elapsed() > AFTER)
    })
    .await;
    let met = fired.exists();
    let _ = std::fs::remove_file(&armed);
    let begun = Instant::now();
    let _second = here.worker();
    // As the api's watchdog does.
    here.broker.command(&command).await;
    until(&format!("{point}: the goal is true"), SOON, async || {
        match outcome.take() {
            Some(EventBody::Ready { .. } | EventBody::Deleted) => return true,
            Some(EventBody::Failed { failure, .. }) => {
                assert!(failure.retryable, "{point}: {failure:?}\n{}", here.log());
                command.attempt += 1;
                here.broker.command(&command).await;
            }
            Some(EventBody::Deferred { until: moment, .. }) => {
                let wait = moment - time::OffsetDateTime::now_utc();
                let wait = Duration::try_from(wait).unwrap_or_default();
                shared::wait::pause(wait, &Default::default()).await;
                here.broker.command(&command).await;
            }
            Some(other) => panic!("{point}: {other:?}"),
            None => {}
        }
        let event = here.broker.event(Duration::from_millis(200)).await;
        // The create before it may be delivered, and so said, once more.
        let ours = event.filter(|event| event.generation == command.generation);
        outcome = ours.map(|event| event.body).filter(EventBody::settles);
        false
    })
    .await;
    let took = begun.elapsed();
    drop(first);
    assert_whole(&here, &command, point).await;
    here.clean(&[command.store_id.as_str()]).await;
    met.then_some(took)
}

async fn a_ready_store_for(here: &Installation, kind: OperationKind) -> Envelope<Command> {
    let mut next = again(&a_ready_store(here).await, kind);
    next.body.ever_ready = true;
    match (&mut next.body.goal, kind) {
        (goal, OperationKind::Delete) => *goal = Goal::Absent,
        (Goal::Present { spec }, _) => spec.image = Some("7.2".to_owned()),
        (Goal::Absent, _) => {}
    }
    next
}

/// One release in force and nothing unfinished; or nothing at all.
async fn assert_whole(here: &Installation, command: &Envelope<Command>, point: &str) {
    let store = command.store_id.as_str();
    if command.body.goal == Goal::Absent {
        let namespaces = here.cluster.all::<Namespace>();
        assert!(
            namespaces.get_opt(store).await.unwrap().is_none(),
            "{point}"
        );
        return;
    }
    let ours = ListParams::default().labels("owner=helm");
    let records = here.cluster.of::<Secret>(store).list(&ours).await.unwrap();
    let statuses: Vec<&str> = records
        .iter()
        .map(|secret| secret.labels()["status"].as_str())
        .collect();
    let in_force = statuses.iter().filter(|status| **status == "deployed");
    assert_eq!(in_force.count(), 1, "{point}: {statuses:?}");
    let unfinished = statuses.iter().any(|status| status.starts_with("pending"));
    assert!(!unfinished, "{point}: {statuses:?}");
}

async fn at_every_point(kind: OperationKind, on_its_way: impl Fn(&Point) -> bool) {
    let points = WORKER.iter().filter(|point| on_its_way(point));
    let tries = points.map(|point| async move {
        let took = killed_at(point.name, kind).await;
        println!("{kind:?} {}: {took:?}", point.name);
        (point.name, took)
    });
    let all: Vec<_> = futures_util::stream::iter(tries)
        .buffer_unordered(3)
        .collect()
        .await;
    for (name, took) in all {
        assert!(
            took.is_some() || MAY_BE_MISSED.contains(&name),
            "{name} was not met"
        );
    }
}

#[tokio::test]
async fn a_create_survives_a_kill_at_every_point() {
    at_every_point(OperationKind::Create, |point| point.create).await;
}

#[tokio::test]
async fn an_update_survives_a_kill_at_every_point() {
    at_every_point(OperationKind::Update, |point| point.update).await;
}

#[tokio::test]
async fn a_delete_survives_a_kill_at_every_point() {
    at_every_point(OperationKind::Delete, |point| point.delete).await;
}
