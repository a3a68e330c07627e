//! How many watch, how long, and what becomes of those who do not listen.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use reqwest::Method;

use crate::harness::watcher::Watcher;
use crate::harness::{Answer, TestApi, eventually};

#[actix_web::test]
async fn streams_are_bounded_for_each_caller_and_for_the_process_and_free_when_left() {
    let settings = [
        ("URUMI_LOGIN", "required"),
        ("URUMI_STREAM_MAX", "3"),
        ("URUMI_STREAM_MAX_PER_CALLER", "2"),
        ("URUMI_STREAM_HEARTBEAT_MS", "100"),
    ];
    let api = TestApi::ready_with("events_seats", &settings).await;
    let (one, two) = (
        api.person("acme", "viewer").await,
        api.person("acme", "viewer").await,
    );
    let open = async |person: &crate::harness::person::Person<'_>| {
        Watcher::open(person.request(Method::GET, "/stores/events")).await
    };
    let first = open(&one).await;
    let _second = open(&one).await;
    let refused = one.get("/stores/events").await;
    assert_eq!(
        (refused.status, refused.json["code"].as_str()),
        (429, Some("too_many_streams")),
        "{}",
        refused.text
    );
    assert_eq!(refused.header("retry-after"), "10");
    let _other = open(&two).await;
    let refused = two.get("/stores/events").await;
    assert_eq!(
        (refused.status, refused.json["code"].as_str()),
        (503, Some("streams_full")),
        "{}",
        refused.text
    );
    drop(first);
    eventually("a seat is free again", async || {
        let answer = two.get("/stores/events?follow=false").await;
        (answer.status == 200).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn silence_is_filled_and_a_stream_ends_at_its_age() {
    let settings = [
        ("URUMI_STREAM_HEARTBEAT_MS", "50"),
        ("URUMI_STREAM_MAX_AGE_SECONDS", "1"),
    ];
    let api = TestApi::ready_with("events_silence", &settings).await;
    let mut watcher = Watcher::open(api.request(Method::GET, "/stores/events")).await;
    assert_eq!(watcher.next().await, None);
    // The first is where it begins.
    assert!(watcher.signs >= 2, "{}", watcher.signs);
    assert!(watcher.last_id >= 0);
}

#[actix_web::test]
async fn a_stop_ends_streams_at_once_and_their_clients_go_on_where_they_were() {
    let mut api = TestApi::ready("events_stop").await;
    api.a_store().await;
    let mut watcher = Watcher::open(api.request(Method::GET, "/stores/events")).await;
    watcher.sign().await;
    let began = Instant::now();
    api.halt();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(watcher.next().await, None);
    let last_id = watcher.last_id;

    api.run();
    api.until_ready().await;
    let id = api.a_store().await;
    let request = api.request(Method::GET, "/stores/events");
    let mut again = Watcher::open(request.header("Last-Event-ID", last_id)).await;
    assert_eq!(again.next().await.unwrap().json["store_id"], id.as_str());
}

/// Megabytes of events, more than a connection's buffers hold.
const MANY: &str =
    "INSERT INTO stream_events (position, at, type, tenant_id, store_id, status, health, facts)
    SELECT nextval('stream_position_seq'), now(), 'store.changed', tenant_id, id, status, 'Unknown',
        jsonb_build_object('fields', repeat('x', 4000))
    FROM stores, generate_series(1, 5000)";

#[actix_web::test]
async fn who_does_not_listen_is_let_go() {
    let settings = [
        ("URUMI_STREAM_MAX_PER_CALLER", "1"),
        ("URUMI_STREAM_STALL_SECONDS", "1"),
        ("URUMI_STREAM_HEARTBEAT_MS", "100"),
    ];
    let api = TestApi::ready_with("events_deaf", &settings).await;
    api.a_store().await;
    let mut sql = api.servers.sql().await;
    sqlx::query(MANY).execute(&mut sql).await.unwrap();
    // Asks for all of it and reads nothing.
    let mut deaf = TcpStream::connect(&api.address).unwrap();
    deaf.write_all(b"GET /stores/events?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let ask = async || {
        let request = api.request(Method::GET, "/stores/events");
        request.send().await.unwrap()
    };
    eventually("its seat is taken", async || {
        (ask().await.status() == 429).then_some(())
    })
    .await;
    let answer = eventually("its seat is free", async || {
        let response = ask().await;
        (response.status() == 200).then_some(response)
    })
    .await;
    let mut watcher = Watcher::of(answer);
    watcher.sign().await;
    let refused = Answer::of(ask().await).await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    drop(deaf);
}

/// The head of the answer to a HEAD on that connection.
fn head(connection: &mut TcpStream, path: &str) -> String {
    let request = format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let (mut head, mut byte) = (String::new(), [0]);
    while !head.ends_with("\r\n\r\n") {
        connection.read_exact(&mut byte).unwrap();
        head.push(char::from(byte[0]));
    }
    head.to_lowercase()
}

#[actix_web::test]
async fn head_is_answered_at_once_and_the_connection_goes_on() {
    let settings = [("URUMI_STREAM_MAX_PER_CALLER", "1")];
    let api = TestApi::ready_with("events_head", &settings).await;
    let id = api.a_store().await;
    let of_store = format!("/stores/{id}/events?after=0");
    let mut connection = TcpStream::connect(&api.address).unwrap();
    let patience = Some(Duration::from_secs(5));
    connection.set_read_timeout(patience).unwrap();
    for (path, kind) in [
        ("/stores/events?after=0", "text/event-stream"),
        (&of_store, "text/event-stream"),
        ("/audit/export", "application/jsonl"),
        ("/stores/events", "text/event-stream"),
    ] {
        let endless = head(&mut connection, path);
        assert!(endless.starts_with("http/1.1 200"), "{path}: {endless}");
        let kind = format!("content-type: {kind}\r\n");
        assert!(endless.contains(&kind), "{path}: {endless}");
        let next = head(&mut connection, "/healthz");
        assert!(next.starts_with("http/1.1 200"), "{path}: {next}");
    }
}
