//! The outbox's relay: nothing is lost while the broker is away, nothing is
//! marked that was not taken, and the window holds.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::amqp::topology::COMMANDS;
use shared::contract::event::EventBody;
use shared::step::Step;
use shared::wait::pause;
use sqlx::{Executor as _, PgConnection, Row as _};
use tokio_util::sync::CancellationToken;

use crate::harness::servers::Servers;
use crate::harness::{Proxy, TestApi, Worker, eventually};

#[actix_web::test]
async fn with_the_broker_away_a_store_is_accepted_and_its_command_comes_when_it_is_back() {
    let amqp_url = Servers::prepare("relay_away_url").await;
    let proxy = Proxy::cut_off(&amqp_url.amqp_url, 5672).await;
    let api = TestApi::with(
        "relay_away",
        &[("AMQP_URL", &proxy.url(&amqp_url.amqp_url))],
    )
    .await;
    eventually("the api is ready but degraded", async || {
        let answer = api.get("/readyz").await;
        (answer.status == 200 && answer.json["degraded"] == true).then_some(())
    })
    .await;

    let id = api.a_store().await;
    assert_eq!(
        api.get(&format!("/stores/{id}")).await.json["status"],
        "Queued"
    );

    proxy.mend().await;
    api.until_ready().await;
    let mut worker = Worker::at(&amqp_url.amqp_url).await;
    let command = worker.command().await;
    assert_eq!(command.store_id.as_str(), id);
    worker.make(&command).await;
    api.store_with(&id, "Ready").await;

    // And once more, in the middle of its life.
    proxy.cut().await;
    let other = api.a_store().await;
    proxy.mend().await;
    assert_eq!(worker.command().await.store_id.as_str(), other);
}

#[actix_web::test]
async fn a_queue_that_is_gone_is_made_again_and_the_command_kept() {
    let api = TestApi::ready("relay_unbound").await;
    api.servers.delete_queue(COMMANDS.name).await;

    let id = api.a_store().await;

    let mut worker = Worker::of(&api).await;
    assert_eq!(worker.command().await.store_id.as_str(), id);
}

#[actix_web::test]
async fn no_more_commands_than_the_window_holds_are_unsettled() {
    let api = TestApi::ready_with("relay_window", &[("URUMI_COMMANDS_IN_FLIGHT", "2")]).await;
    let mut worker = Worker::of(&api).await;
    for _ in 0..4 {
        api.a_store().await;
    }
    let (one, two) = (worker.command().await, worker.command().await);
    worker.no_command(Duration::from_millis(1500)).await;

    worker
        .say(
            &one,
            EventBody::StepStarted {
                step: Step::Release,
                run: 0,
            },
        )
        .await;
    worker.no_command(Duration::from_millis(500)).await;
    worker.make(&one).await;
    let three = worker.command().await;
    worker.make(&two).await;
    let four = worker.command().await;
    let all: BTreeSet<_> = [one, two, three, four]
        .map(|command| command.store_id)
        .into();
    assert_eq!(all.len(), 4);
}

#[actix_web::test]
async fn a_stopped_api_leaves_its_backlog_to_the_next_one() {
    let mut api = TestApi::ready_with("relay_restart", &[("URUMI_COMMANDS_IN_FLIGHT", "1")]).await;
    let mut worker = Worker::of(&api).await;
    let (first, second) = (api.a_store().await, api.a_store().await);
    let command = worker.command().await;
    assert_eq!(command.store_id.as_str(), first);

    api.halt();
    worker.make(&command).await;
    api.run();
    api.until_ready().await;

    api.store_with(&first, "Ready").await;
    assert_eq!(worker.command().await.store_id.as_str(), second);
}

#[actix_web::test]
async fn two_apis_share_one_window_and_send_nothing_twice() {
    let api = TestApi::ready_with("relay_two", &[("URUMI_COMMANDS_IN_FLIGHT", "3")]).await;
    let other = api.beside();
    other.until_ready().await;
    let mut worker = Worker::of(&api).await;
    for n in 0..12 {
        if n % 2 == 0 {
            api.a_store().await
        } else {
            other.a_store().await
        };
    }
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        let three = [
            worker.command().await,
            worker.command().await,
            worker.command().await,
        ];
        worker.no_command(Duration::from_millis(300)).await;
        for command in &three {
            assert!(
                seen.insert(command.store_id.clone()),
                "{} came twice",
                command.store_id
            );
            worker.make(command).await;
        }
    }
    worker.no_command(Duration::from_millis(500)).await;
    for id in &seen {
        api.store_with(id.as_str(), "Ready").await;
    }
}

/// A burst of notices is answered by few claims: each costs as much as one of many rows.
#[actix_web::test]
async fn a_relay_that_is_woken_often_claims_seldom() {
    let api = TestApi::ready_with("relay_often", &[("URUMI_COMMANDS_IN_FLIGHT", "0")]).await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    let claims =
        "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'outbox_control_idx'";
    let counted = async |sql: &mut PgConnection| {
        pause(Duration::from_millis(1500), &CancellationToken::new()).await;
        sql.fetch_one(claims).await.unwrap().get::<i64, _>(0)
    };
    let before = counted(&mut sql).await;
    for _ in 0..1_000 {
        sql.execute("NOTIFY urumi_outbox").await.unwrap();
        pause(Duration::from_millis(1), &CancellationToken::new()).await;
    }
    let found = counted(&mut sql).await - before;
    println!("{found} scans for 1,000 notices");
    assert!(found < 500, "{found} scans for 1,000 notices");
}
