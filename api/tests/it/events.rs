//! What a stream tells, and to whom.

use reqwest::Method;
use serde_json::{Value, json};
use shared::contract::event::EventBody;
use shared::failure::{Failure, FailureCode};
use shared::step::Step;

use crate::harness::watcher::{Told, Watcher};
use crate::harness::{Answer, TestApi, Worker};

fn lines(told: &[Told]) -> Vec<String> {
    let facts = |told: &Told| match told.name.as_str() {
        "store.status_changed" => format!(
            "{} {}",
            told.json["facts"]["from"], told.json["facts"]["to"]
        ),
        "operation.step" => {
            let facts = &told.json["facts"];
            let waiting = &facts["waiting"]["code"];
            format!(
                "{} {} {} {waiting}",
                facts["step"], facts["run"], facts["outcome"]
            )
        }
        _ => format!(
            "{} {}",
            told.json["facts"]["kind"], told.json["facts"]["to"]
        ),
    };
    let line = |told: &Told| format!("{} {}", told.name, facts(told)).replace('"', "");
    told.iter().map(line).collect()
}

#[actix_web::test]
async fn a_store_is_told_from_the_wish_to_ready_with_every_run_of_every_step() {
    let api = TestApi::ready("events_told").await;
    let mut worker = Worker::of(&api).await;
    let mut all = Watcher::open(api.request(Method::GET, "/stores/events")).await;
    let id = api.a_store().await;
    let create = worker.command().await;
    let step = Step::Rollout;
    worker
        .say(&create, EventBody::StepStarted { step, run: 0 })
        .await;
    let waiting = |message: &str| EventBody::StepWaiting {
        step,
        run: 0,
        message: message.to_owned(),
        cause: Some(Failure::new(FailureCode::ImagePull, "")),
    };
    // The same again is no news.
    worker.say(&create, waiting("pulling")).await;
    worker.say(&create, waiting("pulling")).await;
    worker
        .say(&create, EventBody::StepStarted { step, run: 1 })
        .await;
    worker.make(&create).await;
    api.store_with(&id, "Ready").await;

    let mut told = Vec::new();
    while told.last().is_none_or(|last: &Told| {
        last.json["status"] != "Ready" || last.name != "store.status_changed"
    }) {
        told.push(all.next().await.unwrap());
    }
    let said = lines(&told);
    assert_eq!(
        said[..2],
        [
            "store.status_changed null Queued",
            "operation.changed Create Queued"
        ]
    );
    let steps: Vec<_> = said.iter().filter(|line| line.contains("step")).collect();
    assert_eq!(
        steps[..3],
        [
            "operation.step Rollout 0 Running null",
            "operation.step Rollout 0 Running ImagePull",
            "operation.step Rollout 1 Running null",
        ]
    );
    assert!(said.contains(&"store.status_changed Queued Provisioning".to_owned()));
    assert_eq!(
        said.last().unwrap(),
        "store.status_changed Provisioning Ready"
    );
    assert!(told.iter().all(|told| told.json["store_id"] == id.as_str()));
    assert!(told.iter().all(|told| told.json["id"] == told.id));
    assert!(told.iter().all(|told| told.json["type"] == told.name));

    // The same, from the table, for that store; and only some kinds of it.
    let path = format!("/stores/{id}/events?after=0&follow=false");
    let again = Watcher::open(api.request(Method::GET, &path))
        .await
        .all()
        .await;
    assert_eq!(again[..told.len()], told);
    let some = format!("{path}&type=store.status_changed");
    let some = Watcher::open(api.request(Method::GET, &some))
        .await
        .all()
        .await;
    assert_eq!(
        lines(&some),
        [
            "store.status_changed null Queued",
            "store.status_changed Queued Provisioning",
            "store.status_changed Provisioning Ready",
        ]
    );
    let ready = "/stores/events?after=0&follow=false&status=Ready&type=store.status_changed";
    let ready = Watcher::open(api.request(Method::GET, ready))
        .await
        .all()
        .await;
    assert_eq!(lines(&ready), ["store.status_changed Provisioning Ready"]);
}

#[actix_web::test]
async fn a_change_without_an_operation_is_told_too() {
    let api = TestApi::ready("events_changed").await;
    let id = api.a_store().await;
    let path = format!("/stores/{id}/events");
    let mut watcher = Watcher::open(api.request(Method::GET, &path)).await;
    let labels = json!({ "labels": { "team": "north" } });
    assert_eq!(
        api.patch(&format!("/stores/{id}"), labels).await.status,
        200
    );
    let told = watcher.next().await.unwrap();
    assert_eq!(told.name, "store.changed");
    assert_eq!(told.json["facts"]["fields"], json!(["labels"]));
}

#[actix_web::test]
async fn another_tenants_events_are_told_to_nobody_else() {
    let api = TestApi::with_login("events_tenants").await;
    let acme = api.person("acme", "admin").await;
    let globex = api.person("globex", "admin").await;
    let mut live = Watcher::open(globex.request(Method::GET, "/stores/events")).await;
    let theirs = acme.a_store("Theirs").await;
    let mine = globex.a_store("Mine").await;
    let first = live.next().await.unwrap();
    assert_eq!(first.json["store_id"], mine["id"]);

    let kept = globex.get("/stores/events?after=0&follow=false").await;
    assert!(kept.text.contains(mine["id"].as_str().unwrap()));
    assert!(
        !kept.text.contains(theirs["id"].as_str().unwrap()),
        "{}",
        kept.text
    );
    let path = format!(
        "/stores/{}/events?follow=false",
        theirs["id"].as_str().unwrap()
    );
    let answer = globex.get(&path).await;
    assert_eq!(
        (answer.status, answer.json["code"].as_str()),
        (404, Some("store_not_found"))
    );
    assert_eq!(api.nobody().get("/stores/events").await.status, 401);
}

#[actix_web::test]
async fn who_comes_back_too_late_is_told_what_is_missing() {
    let api = TestApi::ready("events_gap").await;
    api.a_store().await;
    let sql = "WITH gone AS (DELETE FROM stream_events RETURNING position)
        UPDATE stream_horizon SET position = (SELECT max(position) FROM gone) RETURNING position";
    let mut connection = api.servers.sql().await;
    let horizon: i64 = sqlx::query_scalar(sql)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let id = api.a_store().await;
    let back = async |position: i64| {
        let path = "/stores/events?follow=false";
        let request = api.request(Method::GET, path);
        let request = request.header("Last-Event-ID", position);
        Watcher::open(request).await.all().await
    };
    let late = back(1).await;
    assert_eq!(late[0].name, "stream.gap");
    assert_eq!(
        late[0].json,
        json!({ "id": horizon, "type": "stream.gap", "after": 1 })
    );
    assert_eq!(late[1].json["store_id"], id.as_str());
    let right = back(horizon).await;
    assert_eq!(right[0].json["store_id"], id.as_str());
    // From another time line: an older copy of the database took its place.
    let lost = back(1_000_000).await;
    assert_eq!(lost[0].name, "stream.gap");
}

#[actix_web::test]
async fn what_cannot_be_understood_is_refused_by_name() {
    let api = TestApi::ready("events_refused").await;
    for (query, pointer) in [
        ("after=-1", "/after"),
        ("type=store.status_changed,x", "/type"),
        ("status=Fine", "/status"),
        ("health=Fine", "/health"),
        ("follow=maybe", "/follow"),
        ("cursor=1", "/cursor"),
    ] {
        let answer = api.get(&format!("/stores/events?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.json["errors"][0]["pointer"], pointer, "{query}");
    }
    let request = api.request(Method::GET, "/stores/events");
    let request = request.header("Last-Event-ID", "abc");
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.json["code"], "invalid_header", "{}", answer.text);
    let head = api.request(Method::HEAD, "/stores/events").send();
    assert_eq!(head.await.unwrap().status().as_u16(), 200);
    let nothing: Value = api.get("/stores/store-bbbbbb/events").await.json;
    assert_eq!(nothing["code"], "store_not_found");
}
