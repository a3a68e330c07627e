//! Login links: who gets one, what is kept of it, that its key is the store's, and
//! that who came with one is audited.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use shared::contract::command::Goal;
use shared::contract::event::EventBody;
use shared::contract::observation::{Login, ObservationBody};
use shared::ids::MessageId;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::harness::{Answer, TestApi, Worker, eventually};
use crate::observer::Eyes;

fn key(number: u8) -> String {
    STANDARD.encode([number; 32])
}

/// A store that was installed from that chart, and the public key that it got.
async fn installed(api: &TestApi, worker: &mut Worker, chart: &str) -> (String, Option<Box<str>>) {
    let made = api.post("/stores", json!({"name": "Way in"})).await;
    let id = made.json["id"].as_str().unwrap().to_owned();
    let command = worker.command().await;
    let Goal::Present { spec } = &command.body.goal else {
        panic!("a delete")
    };
    let ready = EventBody::Ready {
        revision: 1,
        chart: chart.to_owned(),
        images: Default::default(),
    };
    worker.say(&command, ready).await;
    api.store_with(&id, "Ready").await;
    (id, spec.login_key.clone())
}

async fn ask(api: &TestApi, id: &str, key: Option<&str>) -> Answer {
    let request = api.request(Method::POST, &format!("/stores/{id}/login-link"));
    let request = match key {
        Some(key) => request.header("Idempotency-Key", key),
        None => request,
    };
    Answer::of(request.send().await.unwrap()).await
}

fn code(answer: &Answer) -> (u16, Option<&str>) {
    (answer.status, answer.json["code"].as_str())
}

async fn told(api: &TestApi, action: &str) -> Vec<Value> {
    let audit = api.get("/stores/audit/logs?limit=200").await.json;
    let rows = audit["items"].as_array().unwrap().iter();
    rows.filter(|row| row["action"] == action)
        .cloned()
        .collect()
}

#[actix_web::test]
async fn a_link_is_given_once_audited_and_kept_nowhere() {
    let seed = key(7);
    let settings = [("URUMI_LOGIN_SIGNING_KEY", seed.as_str())];
    let api = TestApi::ready_with("login_given", &settings).await;
    let mut worker = Worker::of(&api).await;
    let (id, public) = installed(&api, &mut worker, "store-0.2.0").await;
    assert_eq!(public.as_deref().map(str::len), Some(44), "{public:?}");

    let first = ask(&api, &id, Some("one")).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(first.header("cache-control"), "no-store");
    let url = first.json["url"].as_str().unwrap();
    let door = format!("{id}.localhost:8080/wp-login.php?action=urumi#");
    assert!(url.contains(&door), "{url}");
    let again = ask(&api, &id, Some("one")).await;
    assert_eq!((again.status, again.json.get("url")), (201, None));
    assert_eq!(again.json["id"], first.json["id"]);
    assert_ne!(ask(&api, &id, None).await.json["id"], first.json["id"]);

    let given = told(&api, "store.login_link.given").await;
    assert_eq!(given.len(), 2);
    assert_eq!(given[0]["details"]["link"], first.json["id"]);
    let word = url.split_once('#').unwrap().1;
    assert!(!format!("{given:?}").contains(word), "{given:?}");
}

#[actix_web::test]
async fn none_is_given_that_the_store_would_not_take() {
    let (seed, other) = (key(7), key(8));
    let mut api = TestApi::ready_with("login_refused", &[("URUMI_LOGIN_SIGNING_KEY", &seed)]).await;
    let mut worker = Worker::of(&api).await;
    let (id, before) = installed(&api, &mut worker, "store-0.2.0").await;
    let (old, _) = installed(&api, &mut worker, "store-0.1.0").await;
    assert_eq!(
        code(&ask(&api, &old, None).await),
        (409, Some("chart_too_old"))
    );
    let queued = api.post("/stores", json!({})).await.json["id"].clone();
    let answer = ask(&api, queued.as_str().unwrap(), None).await;
    assert_eq!(code(&answer), (409, Some("wrong_status")));
    let _ = worker.command().await;

    // Another key: the store gets it by an upgrade, and not before.
    api.halt();
    api.set("URUMI_LOGIN_SIGNING_KEY", &other);
    api.run();
    api.until_ready().await;
    assert_eq!(
        code(&ask(&api, &id, None).await),
        (409, Some("no_login_key"))
    );
    let labels = json!({"labels": {"team": "north"}});
    assert_eq!(
        api.patch(&format!("/stores/{id}"), labels).await.status,
        200
    );
    let upgrade = api.post(&format!("/stores/{id}/upgrade"), json!({})).await;
    assert_eq!(upgrade.status, 202, "{}", upgrade.text);
    let command = worker.command().await;
    let Goal::Present { spec } = &command.body.goal else {
        panic!("a delete")
    };
    assert!(spec.login_key.is_some() && spec.login_key != before);
    let ready = EventBody::Ready {
        revision: 2,
        chart: "store-0.2.0".to_owned(),
        images: Default::default(),
    };
    worker.say(&command, ready).await;
    api.store_with(&id, "Ready").await;
    assert_eq!(ask(&api, &id, None).await.status, 201);

    let refused = told(&api, "store.login_link.refused").await;
    let reasons: Vec<&Value> = refused
        .iter()
        .map(|row| &row["details"]["reason"])
        .collect();
    assert_eq!(reasons, ["chart_too_old", "wrong_status", "no_login_key"]);
}

#[actix_web::test]
async fn without_a_key_there_are_no_links() {
    let api = TestApi::ready("login_off").await;
    let mut worker = Worker::of(&api).await;
    let (id, public) = installed(&api, &mut worker, "store-0.2.0").await;
    assert_eq!(public, None);
    assert_eq!(
        code(&ask(&api, &id, None).await),
        (409, Some("login_links_off"))
    );
}

#[actix_web::test]
async fn workers_are_asked_who_came_soon_and_when_the_link_is_over() {
    let seed = key(7);
    let api = TestApi::ready_with("login_asked", &[("URUMI_LOGIN_SIGNING_KEY", &seed)]).await;
    let mut worker = Worker::of(&api).await;
    let (id, _) = installed(&api, &mut worker, "store-0.2.0").await;
    assert_eq!(ask(&api, &id, None).await.status, 201);

    let mut sql = api.servers.sql().await;
    let due: Vec<(i64, String)> = sqlx::query_as(
        "SELECT extract(epoch FROM next_attempt_at - created_at)::bigint, payload ->> 'generation'
         FROM outbox WHERE kind = 'control' AND payload -> 'body' ? 'logins_since' ORDER BY 1",
    )
    .fetch_all(&mut sql)
    .await
    .unwrap();
    let [(soon, generation), (late, _)] = due.as_slice() else {
        panic!("{due:?}")
    };
    assert!((9..=11).contains(soon), "{due:?}");
    assert!((68..=71).contains(late), "{due:?}");
    // Of what is wanted already: a worker that knows no logins stops nothing.
    assert_eq!(generation, "1");
    let control = worker.control().await;
    assert!(control.body.logins_since.is_some(), "{control:?}");
}

#[actix_web::test]
async fn each_login_that_a_log_tells_of_is_audited_once() {
    let api = TestApi::ready("login_came").await;
    let mut worker = Worker::of(&api).await;
    let eyes = Eyes::of(&api);
    let (id, _) = installed(&api, &mut worker, "store-0.2.0").await;
    let login = |link: Option<u128>, refused: Option<&str>| Login {
        id: MessageId::new(),
        link: link.map(Uuid::from_u128),
        refused: refused.map(str::to_owned),
        at: OffsetDateTime::now_utc(),
        pod: "wordpress-x".to_owned(),
    };
    let logins = vec![
        login(Some(7), None),
        login(Some(7), Some("used_before")),
        login(None, Some("forged")),
    ];
    let said = |store: &str, logins: &[Login]| ObservationBody::Logins {
        store_id: store.parse().unwrap(),
        logins: logins.to_vec(),
    };
    // Of another installation, and of no store: nothing.
    eyes.say("other", 0, said(&id, &[login(Some(9), None)]))
        .await;
    eyes.say("local", 0, said("store-zzzzzz", &logins)).await;
    // Asked twice, as each link is, or by a message that came again.
    eyes.say("local", 0, said(&id, &logins)).await;
    eyes.say("local", 0, said(&id, &logins)).await;
    eyes.say("local", 0, said(&id, &[login(Some(8), None)]))
        .await;

    let let_in = eventually("the last login is audited", async || {
        let rows = told(&api, "store.login.succeeded").await;
        (rows.len() >= 2).then_some(rows)
    })
    .await;
    let links: Vec<&Value> = let_in.iter().map(|row| &row["details"]["link"]).collect();
    assert_eq!(
        links,
        [&json!(Uuid::from_u128(7)), &json!(Uuid::from_u128(8))]
    );
    assert_eq!(
        (&let_in[0]["store_id"], &let_in[0]["actor"]),
        (&json!(id), &json!("platform"))
    );
    let refused = told(&api, "store.login.refused").await;
    let why: Vec<&Value> = refused
        .iter()
        .map(|row| &row["details"]["reason"])
        .collect();
    assert_eq!(why, ["used_before", "forged"]);
    assert_eq!(refused[1]["details"]["link"], Value::Null);
}
