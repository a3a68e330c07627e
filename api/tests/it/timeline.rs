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
    EventBody::StepFinished { step, run, changed }
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
