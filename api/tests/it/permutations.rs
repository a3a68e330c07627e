//! All orders of one store's events, each with repetitions, through two projectors
//! at once: one record. All 120 orders of five events; longer histories are
//! sampled by the rule's own proptest and in `projector.rs`.

use serde_json::Value;
use shared::contract::command::Command;
use shared::contract::envelope::Envelope;
use shared::contract::event::{EventBody, event_for};
use shared::failure::FailureCode;
use shared::step::Step;
use time::{Duration, OffsetDateTime};

use crate::harness::worker::{failed, ready};
use crate::harness::{TestApi, Worker, eventually};

const EVENTS: usize = 5;

/// A first try that fails, a deferral, and a second try that is ready.
fn history(first: &Envelope<Command>, began: OffsetDateTime) -> Vec<Vec<u8>> {
    let mut second = first.clone();
    second.attempt = 2;
    let deferred = EventBody::Deferred {
        until: began + Duration::HOUR,
        reason: "another worker has the store".to_owned(),
    };
    let started = |step, run| EventBody::StepStarted { step, run };
    let told = [
        (first, started(Step::Rollout, 1)),
        (first, failed(FailureCode::ImagePull, true)),
        (&second, deferred),
        (&second, started(Step::Rollout, 0)),
        (&second, ready()),
    ];
    let encode = |(n, (command, body)): (i64, (&Envelope<Command>, EventBody))| {
        let event = event_for(command, began + Duration::seconds(n), body);
        event.encode().unwrap()
    };
    (0..).zip(told).map(encode).collect()
}

/// Every order of that many things.
fn orders(of: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for n in 0..of {
        let longer = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=order.len()).map(move |place| {
                let mut longer = order.clone();
                longer.insert(place, n);
                longer
            })
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

/// What of a store must not depend on the order; ids and the api's own times are
/// left out.
fn essence(mut store: Value, id: &str) -> Value {
    for key in ["created_at", "updated_at"] {
        store[key] = Value::Null;
        store["operation"][key] = Value::Null;
    }
    let operation = store["operation"]["id"].as_str().unwrap().to_owned();
    let text = store.to_string();
    let text = text.replace(id, "ID").replace(&operation, "OPERATION");
    serde_json::from_str(&text).unwrap()
}

#[actix_web::test]
async fn every_order_of_a_stores_events_through_two_projectors_gives_one_record() {
    let settings = [
        ("URUMI_RETRY_BASE_MS", "60000"),
        ("URUMI_RETRY_MAX_MS", "60000"),
    ];
    let api = TestApi::ready_with("permutations", &settings).await;
    let other = api.beside();
    other.until_ready().await;
    let mut worker = Worker::of(&api).await;
    let began = OffsetDateTime::now_utc();
    let orders = orders(EVENTS);
    assert_eq!(orders.len(), 120);
    let mut ids = Vec::new();
    for (n, order) in orders.iter().enumerate() {
        ids.push(api.a_store().await);
        let events = history(&worker.command().await, began);
        // One is said again at once, another at the end.
        let again = [order[n % EVENTS], order[(n + 2) % EVENTS]];
        for place in order
            .iter()
            .flat_map(|place| [*place].repeat(1 + usize::from(*place == again[0])))
        {
            worker.send(events[place].clone()).await;
        }
        worker.send(events[again[1]].clone()).await;
    }
    eventually("all events are taken in", async || {
        let mut sql = api.servers.sql().await;
        let known: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(&mut sql)
            .await
            .unwrap();
        (known == 120 * i64::try_from(EVENTS).unwrap()).then_some(())
    })
    .await;

    let mut first = None;
    for id in &ids {
        let found = essence(api.get(&format!("/stores/{id}")).await.json, id);
        assert_eq!(found["status"], "Ready");
        assert_eq!(&found, first.get_or_insert_with(|| found.clone()), "{id}");
        let audit = api.audit_of(id).await;
        let ends = audit
            .iter()
            .filter(|line| *line == "operation.succeeded succeeded");
        assert_eq!(ends.count(), 1, "{audit:?}");
    }
}
