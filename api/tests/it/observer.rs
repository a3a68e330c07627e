//! Observations with real messages: health beside the status, newest wins.

use serde_json::Value;
use shared::amqp::topology::OBSERVATIONS;
use shared::amqp::{Outgoing, Publisher};
use shared::contract::observation::{
    Health, HealthReason, Look, Observation, ObservationBody, ShopKind,
};
use shared::ids::MessageId;
use time::{Duration, OffsetDateTime};

use crate::harness::{TestApi, Worker, eventually};

/// Says what an observer sees.
pub struct Eyes {
    publisher: Publisher,
}

impl Eyes {
    pub fn of(api: &TestApi) -> Self {
        let url = api.servers.amqp_url.clone().into();
        Self {
            publisher: Publisher::new(url, "test observer"),
        }
    }

    pub async fn say(&self, installation: &str, term: u64, body: ObservationBody) {
        let seen = Observation {
            id: MessageId::new(),
            installation: installation.to_owned(),
            term,
            taken_at: OffsetDateTime::now_utc(),
            body,
        };
        let message = Outgoing {
            routing_key: OBSERVATIONS.routing_key,
            id: seen.id,
            payload: seen.encode().unwrap(),
            traceparent: None,
        };
        self.publisher.publish(&message).await.unwrap();
    }
}

fn look(id: &str, health: Health, at: OffsetDateTime) -> Look {
    let reason = HealthReason {
        code: "DatabaseNotReady".to_owned(),
        object: "StatefulSet/mysql".to_owned(),
        message: "0 of 1 pods are ready".to_owned(),
    };
    let reasons = if health == Health::Degraded {
        vec![reason]
    } else {
        Vec::new()
    };
    Look {
        store_id: id.parse().unwrap(),
        health,
        reasons,
        at,
        shop: Some(ShopKind::WordPress),
    }
}

fn one(id: &str, health: Health, at: OffsetDateTime) -> ObservationBody {
    let looks = vec![look(id, health, at)];
    ObservationBody::Health { looks }
}

async fn ready_store(api: &TestApi, worker: &mut Worker) -> String {
    let id = api.a_store().await;
    let command = worker.command().await;
    worker.make(&command).await;
    api.store_with(&id, "Ready").await;
    id
}

async fn with_health(api: &TestApi, id: &str, status: &str, at: OffsetDateTime) -> Value {
    let at = at.format(&time::format_description::well_known::Rfc3339);
    let at = at.unwrap();
    eventually(&format!("{id} is {status}"), async || {
        let store = api.get(&format!("/stores/{id}")).await.json;
        let health = &store["health"];
        (health["status"] == status && health["looked_at"] == at.as_str()).then_some(store)
    })
    .await
}

/// Whole microseconds, as Postgres keeps them.
fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(now.nanosecond() / 1_000_000 * 1_000_000)
        .unwrap()
}

#[actix_web::test]
async fn the_newest_look_counts_while_the_store_is_ready_and_changes_are_audited() {
    let api = TestApi::ready("observer_health").await;
    let mut worker = Worker::of(&api).await;
    let eyes = Eyes::of(&api);
    let id = ready_store(&api, &mut worker).await;
    let queued = api.a_store().await;
    let began = now() + Duration::seconds(1);
    let at = |second| began + Duration::seconds(second);

    eyes.say("local", 2, one(&id, Health::Healthy, at(0))).await;
    with_health(&api, &id, "Healthy", at(0)).await;
    eyes.say("local", 2, one(&id, Health::Degraded, at(10)))
        .await;
    let store = with_health(&api, &id, "Degraded", at(10)).await;
    assert_eq!(store["status"], "Ready");
    assert_eq!(store["shop"], "WordPress");
    assert_eq!(store["health"]["reasons"][0]["object"], "StatefulSet/mysql");

    // Older, of an observer that was voted out, of another installation, about a
    // store that nobody may look at: nothing.
    eyes.say("local", 2, one(&id, Health::Healthy, at(5))).await;
    eyes.say("local", 1, one(&id, Health::Healthy, at(50)))
        .await;
    eyes.say("other", 9, one(&id, Health::Healthy, at(50)))
        .await;
    eyes.say("local", 2, one(&queued, Health::Degraded, at(50)))
        .await;
    eyes.say("local", 2, one(&id, Health::Unknown, at(20)))
        .await;
    with_health(&api, &id, "Unknown", at(20)).await;
    eyes.say("local", 2, one(&id, Health::Degraded, at(30)))
        .await;
    with_health(&api, &id, "Degraded", at(30)).await;
    eyes.say("local", 3, one(&id, Health::Healthy, at(1))).await;
    with_health(&api, &id, "Healthy", at(1)).await;

    let audit = api.audit_of(&id).await;
    let told: Vec<_> = audit
        .iter()
        .skip_while(|line| *line != "store.ready succeeded")
        .collect();
    assert_eq!(
        told[1..],
        [
            "store.degraded DatabaseNotReady",
            "store.recovered succeeded"
        ]
    );
    let other = api.get(&format!("/stores/{queued}")).await.json;
    assert_eq!(other["health"]["status"], "Unknown");
    assert_eq!(other["health"]["looked_at"], Value::Null);

    api.delete(&format!("/stores/{id}")).await;
    let gone = api.get(&format!("/stores/{id}")).await.json;
    assert_eq!(gone["health"]["status"], "Unknown", "{gone}");
}

#[actix_web::test]
async fn a_thousand_looks_are_kept_at_once_and_what_cannot_be_read_is_parked() {
    let api = TestApi::ready("observer_many").await;
    let mut worker = Worker::of(&api).await;
    let eyes = Eyes::of(&api);
    let id = ready_store(&api, &mut worker).await;
    let letters = "bcdfghjklm";
    let names = (0..1_000_usize).map(|n| {
        let digits = [n / 100, n / 10 % 10, n % 10].map(|digit| letters.as_bytes()[digit]);
        format!("store-nnn{}", String::from_utf8_lossy(&digits))
    });
    let at = now() + Duration::seconds(1);
    let names: Vec<String> = names.collect();
    let mut sql = api.servers.sql().await;
    sqlx::query(
        "INSERT INTO stores (id, tenant_id, name, plan, admin_email, host, url, status, generation, current_operation_id, created_at, updated_at)
         SELECT n, tenant_id, name, plan, admin_email, n, url, status, generation, current_operation_id, created_at, updated_at
         FROM stores, unnest($1::text[]) AS n WHERE id = $2",
    )
    .bind(&names)
    .bind(&id)
    .execute(&mut sql)
    .await
    .unwrap();
    let looks = names.iter().map(|name| look(name, Health::Degraded, at));
    let looks = looks.collect();
    let broken = Outgoing {
        routing_key: OBSERVATIONS.routing_key,
        id: MessageId::new(),
        payload: b"{}".to_vec(),
        traceparent: None,
    };
    eyes.publisher.publish(&broken).await.unwrap();
    eyes.say("local", 1, ObservationBody::Health { looks })
        .await;

    with_health(&api, &names[999], "Degraded", at).await;
    let (ill, told, parked): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM stores WHERE health = 'Degraded'),
                (SELECT count(*) FROM audit_events WHERE action = 'store.degraded'),
                (SELECT count(*) FROM parked_messages WHERE queue = 'store.observations')",
    )
    .fetch_one(&mut sql)
    .await
    .unwrap();
    assert_eq!((ill, told, parked), (1_000, 1_000, 1));
}
