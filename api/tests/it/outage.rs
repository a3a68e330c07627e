//! Postgres goes and comes back: quick 503s, nothing lost, no help needed.

use std::time::{Duration, Instant};

use serde_json::json;
use shared::amqp::topology::{COMMANDS, EVENTS, OBSERVATIONS};

use crate::harness::servers::Servers;
use crate::harness::{Proxy, TestApi, Worker, eventually};

#[actix_web::test]
async fn without_a_database_requests_get_a_quick_503_and_it_recovers_by_itself() {
    let servers = Servers::prepare("outage_start_url").await;
    let proxy = Proxy::cut_off(&servers.database_url, 5432).await;
    let api = TestApi::with(
        "outage_start",
        &[("DATABASE_URL", &proxy.url(&servers.database_url))],
    )
    .await;

    let answer = api.post("/stores", json!({})).await;
    assert_eq!(
        (answer.status, answer.json["code"].as_str()),
        (503, Some("unavailable"))
    );
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(api.get("/healthz").await.status, 200);
    assert_eq!(api.get("/readyz").await.status, 503);

    proxy.mend().await;
    api.until_ready().await;
    let id = api.a_store().await;

    proxy.cut().await;
    let began = Instant::now();
    let answer = api.get(&format!("/stores/{id}")).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(
        began.elapsed() < Duration::from_secs(7),
        "{:?}",
        began.elapsed()
    );

    proxy.mend().await;
    api.until_ready().await;
    assert_eq!(api.get(&format!("/stores/{id}")).await.status, 200);
}

#[actix_web::test]
async fn terminated_connections_are_not_noticed_by_callers() {
    let api = TestApi::ready("outage_terminated").await;
    for _ in 0..5 {
        api.a_store().await;
        api.servers.allow_database(false).await;
        api.servers.allow_database(true).await;
        let answer = api.get("/stores").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(api.post("/stores", json!({})).await.status, 202);
    }
}

#[actix_web::test]
async fn reports_made_while_the_database_is_away_are_taken_in_afterwards() {
    let api = TestApi::ready("outage_events").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;

    api.servers.allow_database(false).await;
    worker.make(&command).await;
    eventually("the api says that it misses the database", async || {
        (api.get("/readyz").await.status == 503).then_some(())
    })
    .await;
    api.servers.allow_database(true).await;

    api.store_with(&id, "Ready").await;
}

#[actix_web::test]
async fn a_stop_ends_within_its_bound_though_broker_and_database_hang() {
    let servers = Servers::prepare("outage_stop_url").await;
    let database = Proxy::cut_off(&servers.database_url, 5432).await;
    let broker = Proxy::cut_off(&servers.amqp_url, 5672).await;
    let settings = [
        ("DATABASE_URL", database.url(&servers.database_url)),
        ("AMQP_URL", broker.url(&servers.amqp_url)),
    ];
    let settings = settings
        .each_ref()
        .map(|(key, value)| (*key, value.as_str()));
    let mut api = TestApi::with("outage_stop", &settings).await;
    database.mend().await;
    eventually("the database is there", async || {
        (api.get("/readyz").await.status == 200).then_some(())
    })
    .await;
    api.a_store().await;
    database.cut().await;

    let began = Instant::now();
    api.halt();
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
}

#[actix_web::test]
async fn queues_and_connections_that_the_broker_takes_away_lose_nothing() {
    let api = TestApi::ready("outage_broker").await;
    let mut worker = Worker::of(&api).await;
    let first = api.a_store().await;
    let command = worker.command().await;

    for queue in [EVENTS, OBSERVATIONS, COMMANDS] {
        api.servers.delete_queue(queue.name).await;
    }
    api.servers.close_connections().await;
    let began = Instant::now();
    let answer = api.get(&format!("/stores/{first}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let second = api.a_store().await;

    let mut worker = Worker::of(&api).await;
    worker.make(&command).await;
    api.store_with(&first, "Ready").await;
    let command = worker.command().await;
    assert_eq!(command.store_id.as_str(), second);
    worker.make(&command).await;
    api.store_with(&second, "Ready").await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
}
