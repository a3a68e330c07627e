//! What people see of an operation's steps, with real messages.

use serde_json::Value;
use shared::contract::event::EventBody;
use shared::step::Step;
use time::{Duration, OffsetDateTime};

use crate::harness::worker::ready;
use crate::harness::{TestApi, Worker};

fn started(step: Step, run: u32) -> EventBody {
    EventBody::StepStarted { step, run }
}

fn finished(step: Step, run: u32, changed: bool) -> EventBody {
    EventBody::StepFinished {
        step,
        run,
        changed,
        failed: false,
    }
}

#[actix_web::test]
async fn a_dead_workers_time_is_not_counted_as_the_steps() {
    let api = TestApi::ready("timeline_runs").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;
    let began = OffsetDateTime::now_utc() - Duration::minutes(5);
    for (second, body) in [
        (40, ready()),
        (30, finished(Step::Release, 1, true)),
        (20, started(Step::Release, 1)),
        (0, started(Step::Release, 0)),
    ] {
        let at = began + Duration::seconds(second);
        worker.say_at(&command, at, body).await;
    }

    let store = api.store_with(&id, "Ready").await;
    crate::harness::eventually("both runs are shown", async || {
        let shown = api.get(&format!("/stores/{id}")).await.json;
        (shown["operation"]["steps"].as_array()?.len() == 2).then_some(())
    })
    .await;
    let steps = api.get(&format!("/stores/{id}")).await.json["operation"]["steps"].clone();
    let line = |n: usize| {
        let step = &steps[n];
        let words = ["step", "outcome"].map(|key| step[key].as_str().unwrap().to_owned());
        (words, step["run"].as_u64(), step["duration_ms"].as_u64())
    };
    assert_eq!(
        line(0),
        (
            ["Release", "Interrupted"].map(str::to_owned),
            Some(0),
            Some(20_000)
        ),
        "{store}"
    );
    assert_eq!(
        line(1),
        (
            ["Release", "Done"].map(str::to_owned),
            Some(1),
            Some(10_000)
        )
    );
    assert_eq!(steps[0]["finished_at"], steps[1]["started_at"]);
    assert_eq!(steps[0]["waiting"], Value::Null);
}

#[actix_web::test]
async fn a_worker_that_puts_it_off_is_quoted_until_somebody_moves_and_audited_once() {
    let api = TestApi::ready("timeline_put_off").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let mut command = worker.command().await;
    for _ in 0..2 {
        let deferred = EventBody::Deferred {
            until: OffsetDateTime::now_utc(),
            reason: "another worker has the store".to_owned(),
        };
        worker.say(&command, deferred).await;
        command = worker.command().await;
    }
    let operation = api.get(&format!("/stores/{id}")).await.json["operation"].clone();
    assert_eq!(
        operation["waiting"]["message"],
        "another worker has the store"
    );
    assert!(operation["waiting"]["until"].is_string(), "{operation}");

    worker.say(&command, started(Step::Namespace, 0)).await;
    let store = api.store_with(&id, "Provisioning").await;
    assert_eq!(store["operation"]["waiting"], Value::Null);
    let audit = api.audit_of(&id).await;
    let told = audit
        .iter()
        .filter(|line| line.starts_with("operation.deferred"));
    assert_eq!(told.count(), 1, "{audit:?}");
}

#[actix_web::test]
async fn a_superseded_create_ends_once_in_the_audit() {
    let api = TestApi::ready("timeline_one_ending").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let create = worker.command().await;
    worker.say(&create, started(Step::Reset, 0)).await;
    worker.say(&create, finished(Step::Reset, 0, true)).await;
    crate::harness::eventually("the repair is told", async || {
        (api.audit_of(&id).await.len() == 3).then_some(())
    })
    .await;
    api.delete(&format!("/stores/{id}")).await;
    let newer = worker.control().await.generation;
    worker.say(&create, EventBody::Stopped { newer }).await;
    let delete = worker.command().await;
    worker.say(&delete, started(Step::Purge, 0)).await;
    worker.say(&delete, EventBody::Deleted).await;
    api.store_with(&id, "Deleted").await;

    assert_eq!(
        api.audit_of(&id).await,
        [
            "store.create.requested accepted",
            "operation.started accepted",
            "operation.repaired succeeded",
            "operation.superseded accepted",
            "store.delete.requested accepted",
            "operation.late_report Stopped",
            "operation.started accepted",
            "operation.succeeded succeeded",
            "store.deleted succeeded",
        ]
    );
}
