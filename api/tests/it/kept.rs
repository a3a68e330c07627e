//! Answers that are kept are given again only while they hold.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::harness::servers::Servers;
use crate::harness::{Proxy, TestApi, Worker};

/// The same once more, now from what is kept.
async fn twice(api: &TestApi, path: &str) -> String {
    let (first, again) = (api.get(path).await, api.get(path).await);
    assert_eq!((first.status, again.status), (200, 200), "{}", first.text);
    assert_eq!(first.text, again.text);
    assert_eq!(first.header("etag"), again.header("etag"));
    again.text
}

#[actix_web::test]
async fn a_change_of_any_row_behind_it_is_seen_by_the_next_read() {
    let api = TestApi::ready("kept_rows").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");
    let mut before = twice(&api, &path).await;
    let mut sql = api.servers.sql().await;
    for change in [
        "UPDATE stores SET admin_email = 'other@example.com'",
        "UPDATE stores SET health = 'Healthy', looked_at = now()",
        "UPDATE operations SET max_attempts = max_attempts + 1",
        "UPDATE operation_steps SET changed = NOT changed",
        "UPDATE operation_steps SET run = run + 1 WHERE step = 'Release'",
        "INSERT INTO operation_steps (operation_id, attempt, step, run, outcome, changed)
            SELECT id, 1, 'Release', 7, 'Done', false FROM operations",
        "DELETE FROM operation_steps WHERE run = 7",
        "UPDATE operations SET finished_at = NULL, status = 'Running'",
        "UPDATE operations SET finished_at = now(), status = 'Succeeded'",
    ] {
        sqlx::query(AssertSqlSafe(change))
            .execute(&mut sql)
            .await
            .unwrap();
        let after = api.get(&path).await.text;
        assert_ne!(after, before, "{change}");
        before = api.get(&path).await.text;
    }
}

#[actix_web::test]
async fn who_reads_sees_what_was_committed_before_by_whichever_replica() {
    let api = TestApi::ready("kept_replicas").await;
    let other = api.beside();
    other.until_ready().await;
    let mut worker = Worker::of(&api).await;
    let path = format!("/stores/{}", api.a_ready_store(&mut worker).await);
    let committed = AtomicU64::new(0);
    let write = async {
        for number in 1..=60_u64 {
            let labels = json!({"labels": {"n": number.to_string()}});
            let answer = other.patch(&path, labels).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            committed.store(number, Ordering::SeqCst);
        }
    };
    let read = async || {
        let (mut reads, mut changes) = (0, 0);
        let mut last = 0;
        while committed.load(Ordering::SeqCst) < 60 {
            let known = committed.load(Ordering::SeqCst);
            let store = api.get(&path).await.json;
            let seen = store["labels"]["n"]
                .as_str()
                .map_or(0, |n| n.parse().unwrap());
            assert!(seen >= known, "read {seen} after {known} was committed");
            changes += u64::from(seen != last);
            (reads, last) = (reads + 1, seen);
        }
        (reads, changes)
    };
    let (told, ()) = tokio::join!(join_all((0..8).map(|_| read())), write);
    let (reads, changes) = told
        .iter()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert!(
        reads > changes && changes > 60,
        "{reads} reads saw {changes} changes"
    );
}

#[actix_web::test]
async fn without_a_database_what_is_kept_is_not_given() {
    let servers = Servers::prepare("kept_outage_url").await;
    let proxy = Proxy::cut_off(&servers.database_url, 5432).await;
    proxy.mend().await;
    let url = proxy.url(&servers.database_url);
    let api = TestApi::ready_with("kept_outage", &[("DATABASE_URL", &url)]).await;
    let mut worker = Worker::of(&api).await;
    let path = format!("/stores/{}", api.a_ready_store(&mut worker).await);
    let before = twice(&api, &path).await;

    proxy.cut().await;
    let began = Instant::now();
    let answers = join_all((0..20).map(|_| api.get(&path))).await;
    assert!(answers.iter().all(|answer| answer.status == 503));
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );

    proxy.mend().await;
    api.until_ready().await;
    assert_eq!(twice(&api, &path).await, before);
}

#[actix_web::test]
async fn what_is_kept_for_its_tenant_is_nobody_elses() {
    let api = TestApi::with_login("kept_tenants").await;
    let (north, south) = (
        api.person("north", "viewer").await,
        api.person("south", "viewer").await,
    );
    let owner = api.person("north", "operator").await;
    let id = owner.a_store("Mine").await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut sql = api.servers.sql().await;
    sqlx::query("UPDATE operations SET status = 'Cancelled', finished_at = now()")
        .execute(&mut sql)
        .await
        .unwrap();
    let path = format!("/stores/{id}");
    for _ in 0..3 {
        assert_eq!(north.get(&path).await.status, 200);
        assert_eq!(south.get(&path).await.status, 404);
    }
}
