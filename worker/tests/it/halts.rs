//! A worker that is halted at each fault point on the way of a create, while
//! another finishes the store and removes it: when the first wakes, nothing comes
//! back. Only in builds with the feature `faults`.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Namespace;
use rustix::process::Signal;
use shared::contract::command::Goal;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::fault::WORKER;
use shared::operation::OperationKind;
use shared::testing::a_create;

use crate::harness::{Installation, until};
use crate::stores::{again, until_all_ready};

const SOON: Duration = Duration::from_secs(90);
/// Long enough for whatever a woken worker does first.
const AWAKE: Duration = Duration::from_secs(2);

async fn halted_at(point: &str) -> bool {
    let mut here = Installation::start().await;
    here.set("URUMI_FAULTS", here.folder.path().display().to_string());
    // Else the broker would hand the halted worker a second delivery.
    here.set("URUMI_SLOTS", "1");
    here.open_shop().await;
    let fired = here.folder.path().join("fired");
    std::fs::write(here.folder.path().join("armed"), format!("{point} stop")).unwrap();
    let first = here.worker();
    let create = a_create();
    here.broker.command(&create).await;
    let begun = Instant::now();
    until(&format!("{point} is met"), SOON, async || {
        fired.exists() || begun.elapsed() > Duration::from_secs(20)
    })
    .await;
    let met = fired.exists();
    let _ = std::fs::remove_file(here.folder.path().join("armed"));

    let second = here.worker();
    // As the api's watchdog does.
    here.broker.command(&create).await;
    until_all_ready(&here, std::slice::from_ref(&create), SOON).await;
    let mut delete = again(&create, OperationKind::Delete);
    delete.body.goal = Goal::Absent;
    until_deleted(&here, &delete, point).await;

    first.signal(Signal::CONT);
    let namespaces = here.cluster.all::<Namespace>();
    let woken = Instant::now();
    until("the first has woken", SOON, async || {
        let found = namespaces.get_opt(create.store_id.as_str()).await.unwrap();
        assert!(found.is_none(), "{point}: it came back\n{}", here.log());
        woken.elapsed() > AWAKE
    })
    .await;
    drop((first, second));
    here.clean(&[]).await;
    met
}

async fn until_deleted(
    here: &Installation,
    delete: &Envelope<shared::contract::command::Command>,
    point: &str,
) {
    here.broker.command(delete).await;
    let mut outcome = None;
    until(&format!("{point}: it is deleted"), SOON, async || {
        if let Some(EventBody::Deferred { until: moment, .. }) = outcome.take() {
            let wait = moment - time::OffsetDateTime::now_utc();
            let wait = Duration::try_from(wait).unwrap_or_default();
            shared::wait::pause(wait, &Default::default()).await;
            here.broker.command(delete).await;
        }
        let event = here.broker.event(Duration::from_millis(200)).await;
        let mine = event.filter(|event| event.generation == delete.generation);
        outcome = mine.map(|event| event.body).filter(EventBody::settles);
        outcome == Some(EventBody::Deleted)
    })
    .await;
}

#[tokio::test]
async fn a_worker_halted_at_any_point_of_a_create_brings_nothing_back_when_it_wakes() {
    let points = WORKER
        .iter()
        .filter(|point| point.create && point.name.starts_with("worker."));
    let tries = points.map(|point| async move { (point.name, halted_at(point.name).await) });
    let all: Vec<_> = futures_util::stream::iter(tries)
        .buffer_unordered(3)
        .collect()
        .await;
    for (name, met) in all {
        assert!(
            met || name == "worker.rollout.waiting",
            "{name} was not met"
        );
    }
}
