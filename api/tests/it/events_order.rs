//! Each event once and in order: for a client that drops and returns while the api
//! is killed, and with a commit that comes late.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::harness::program::Program;
use crate::harness::watcher::Watcher;
use crate::harness::{TestApi, Worker, eventually};

const WRITERS: usize = 4;
const CHANGES: usize = 150;
const KILLS: usize = 5;

async fn positions(sql: &mut PgConnection) -> Vec<i64> {
    let all = "SELECT position FROM stream_events ORDER BY position";
    sqlx::query_scalar(all).fetch_all(sql).await.unwrap()
}

#[actix_web::test]
async fn a_client_that_drops_and_returns_gets_each_event_once_though_the_api_is_killed() {
    let program = Program::running("events_kills").await;
    let client = reqwest::Client::new();
    let url = program.url("/stores/events");
    let made = async || {
        let made = client.post(program.url("/stores")).json(&json!({})).send();
        let made = made.await.ok()?.json::<serde_json::Value>().await.ok()?;
        made["id"].as_str().map(str::to_owned)
    };
    let mut stores = Vec::new();
    for _ in 0..WRITERS {
        stores.push(eventually("a store", made).await);
    }
    let written = &AtomicUsize::new(0);
    let write = async |store: &String| {
        let mut sql = program.servers.sql().await;
        for change in 0..CHANGES {
            let update = "UPDATE stores SET labels = $2, version = version + 1 WHERE id = $1";
            sqlx::query(update)
                .bind(store)
                .bind(json!({ "change": change.to_string() }))
                .execute(&mut sql)
                .await
                .unwrap();
            written.fetch_add(1, Ordering::Relaxed);
        }
    };
    let expected = WRITERS * (CHANGES + 2);
    let watch = async || {
        let (mut got, mut last_id, mut kills, mut streams) = (Vec::new(), 0, 0, 0);
        while got.len() < expected {
            let response = eventually("a stream is granted", async || {
                let request = client.get(&url).header("Last-Event-ID", last_id);
                let opened = request.send().await.ok();
                opened.filter(|response| response.status() == 200)
            })
            .await;
            streams += 1;
            let mut watcher = Watcher::of(response);
            // Every stream is left in its midst.
            for _ in 0..13 {
                if got.len() == expected {
                    break;
                }
                let Some(told) = watcher.next().await else {
                    break;
                };
                got.push(told.id);
                last_id = told.id;
            }
            if got.len() > (kills + 1) * expected / (KILLS + 1) && kills < KILLS {
                kills += 1;
                program.kill();
                program.start();
            }
        }
        (got, kills, streams)
    };
    let ((got, kills, streams), _) =
        futures_util::join!(watch(), join_all(stores.iter().map(write)));
    let kept = positions(&mut program.servers.sql().await).await;
    assert_eq!(got, kept);
    assert_eq!(kills, KILLS);
    println!(
        "{} events over {streams} streams and {kills} kills: each once, in order",
        got.len()
    );
}

/// Two projectors at work while a change that has its position is not committed yet.
/// Whether the watchers got all rows, and how many these are.
async fn with_a_delayed_commit(name: &str, locked: bool) -> (bool, usize) {
    let one = TestApi::ready(name).await;
    let two = one.beside();
    two.until_ready().await;
    let mut worker = Worker::of(&one).await;
    let late = one.a_store().await;
    let _ = worker.command().await;
    let mut sql = one.servers.sql().await;
    if !locked {
        let open = "CREATE OR REPLACE FUNCTION stream_place() RETURNS bigint LANGUAGE sql AS
            $$ SELECT nextval('stream_position_seq') $$";
        sql.execute(open).await.unwrap();
    }
    let mut watchers = Vec::new();
    for api in [&one, &two] {
        let request = api.request(Method::GET, "/stores/events");
        watchers.push(Watcher::open(request).await);
    }
    let before = positions(&mut sql).await.len();

    let mut delayed = one.servers.sql().await;
    let mut change = delayed.begin().await.unwrap();
    sqlx::query("UPDATE stores SET labels = '{\"late\": \"yes\"}' WHERE id = $1")
        .bind(&late)
        .execute(&mut *change)
        .await
        .unwrap();
    // The triggers of the commit, before the commit.
    change
        .execute("SET CONSTRAINTS ALL IMMEDIATE")
        .await
        .unwrap();
    let others = async {
        let made = join_all([one.a_store(), two.a_store()]).await;
        for _ in &made {
            let create = worker.command().await;
            worker.make(&create).await;
        }
        for id in &made {
            one.store_with(id, "Ready").await;
        }
    };
    let commit = async {
        // Until others are behind it: they wait for it, or they have passed it.
        eventually("somebody comes behind it", async || {
            let mut sql = one.servers.sql().await;
            let waiting = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'";
            let waiting: i64 = sqlx::query_scalar(waiting)
                .fetch_one(&mut sql)
                .await
                .unwrap();
            let passed = positions(&mut sql).await.len() >= before + 20;
            (waiting > 0 || passed).then_some(())
        })
        .await;
        change.commit().await.unwrap();
    };
    futures_util::join!(others, commit);

    let kept = positions(&mut sql).await.split_off(before);
    let mut complete = true;
    for mut watcher in watchers {
        let mut got = Vec::new();
        while got.last() != kept.last() {
            got.push(watcher.next().await.unwrap().id);
        }
        complete &= got.len() == kept.len();
    }
    (complete, kept.len())
}

#[actix_web::test]
async fn two_projectors_with_a_delayed_commit_lose_no_row_of_the_stream() {
    let (complete, rows) = with_a_delayed_commit("events_delayed", true).await;
    assert!(complete);
    println!("{rows} rows from two projectors around a delayed commit: none lost");
}

#[actix_web::test]
async fn without_the_lock_of_positions_a_delayed_commit_is_lost() {
    let (complete, _) = with_a_delayed_commit("events_unlocked", false).await;
    assert!(!complete, "the test above would not notice a missing lock");
}
