//! `PATCH /stores/{id}` and `POST /stores/{id}/upgrade`.

use reqwest::Method;
use serde_json::{Value, json};
use shared::contract::command::{Command, Goal};
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::ids::Generation;
use shared::operation::OperationKind;
use shared::plan::Plan;
use shared::step::Step;
use shared::store_spec::StoreSpec;

use crate::harness::worker::{failed, ready};
use crate::harness::{Answer, TestApi, Worker};

fn spec(command: &Envelope<Command>) -> StoreSpec {
    match command.body.goal.clone() {
        Goal::Present { spec } => spec,
        Goal::Absent => panic!("a delete"),
    }
}

#[actix_web::test]
async fn a_changed_spec_is_an_update_under_the_next_generation() {
    let api = TestApi::ready("update").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;

    let change = json!({"name": "New", "plan": "medium", "replicas": 2, "image": "7.0.2"});
    let answer = api.patch(&format!("/stores/{id}"), change).await;

    assert_eq!(answer.status, 202, "{}", answer.text);
    let store = &answer.json;
    assert_eq!(
        answer.header("location"),
        format!("/operations/{}", store["operation"]["id"].as_str().unwrap())
    );
    assert_eq!(
        (
            &store["status"],
            &store["operation"]["kind"],
            &store["generation"]
        ),
        (&json!("Updating"), &json!("Update"), &json!(2))
    );
    let wanted =
        json!({"name": "New", "plan": "medium", "chart": "0.1.0", "image": "7.0.2", "replicas": 2});
    assert_eq!(store["wanted"], wanted);
    assert_eq!(store["operation"]["wanted"], wanted);
    assert_eq!(store["safe"]["plan"], "small");

    let command = worker.command().await;
    let wanted = spec(&command);
    assert_eq!(
        (
            command.body.kind,
            command.generation,
            command.body.ever_ready
        ),
        (OperationKind::Update, Generation(2), true)
    );
    assert_eq!(
        (
            wanted.name.as_str(),
            wanted.plan,
            wanted.chart.as_deref(),
            wanted.image.as_deref(),
            wanted.replicas
        ),
        ("New", Plan::Medium, Some("0.1.0"), Some("7.0.2"), Some(2)),
        "the chart that serves is kept"
    );
    worker.make(&command).await;
    let store = api.store_with(&id, "Ready").await;
    assert_eq!(
        (&store["plan"], &store["name"]),
        (&json!("medium"), &json!("New"))
    );
    assert_eq!(store["safe"], store["wanted"]);
    let audit = api.audit_of(&id).await;
    assert!(
        audit.contains(&"store.update.requested accepted".to_owned()),
        "{audit:?}"
    );
}

#[actix_web::test]
async fn a_patch_that_changes_nothing_is_200_and_no_operation() {
    let api = TestApi::ready("update_nothing").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");

    for change in [
        json!({}),
        json!({"plan": "small", "chart": "0.1.0", "replicas": null}),
    ] {
        let answer = api.patch(&path, change).await;
        assert_eq!((answer.status, answer.header("location")), (200, ""));
        assert_eq!(
            (&answer.json["status"], &answer.json["generation"]),
            (&json!("Ready"), &json!(1))
        );
    }
    assert_eq!(
        api.audit_of(&id).await.last().unwrap(),
        "store.ready succeeded"
    );
}

#[actix_web::test]
async fn a_failed_update_leaves_the_store_ready_as_it_was_and_says_why() {
    let api = TestApi::ready("update_failed").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");
    api.patch(&path, json!({"image": "none", "plan": "large"}))
        .await;
    let command = worker.command().await;
    worker
        .say(&command, failed(FailureCode::ImageInvalid, true))
        .await;

    let store = api.store_with(&id, "Ready").await;
    assert_eq!(store["operation"]["status"], "Failed");
    assert_eq!(store["operation"]["failure"]["code"], "ImageInvalid");
    assert_eq!(store["failure"], Value::Null);
    assert_eq!(
        (&store["wanted"]["image"], &store["plan"]),
        (&Value::Null, &json!("small"))
    );
    assert_eq!(
        store["operation"]["wanted"]["image"], "none",
        "what was asked for stays known"
    );

    // The next change starts from what serves, not from what failed.
    api.patch(&path, json!({"replicas": 3})).await;
    let command = worker.command().await;
    let wanted = spec(&command);
    assert_eq!(
        (
            wanted.plan,
            wanted.image,
            wanted.replicas,
            command.generation
        ),
        (Plan::Small, None, Some(3), Generation(3))
    );
}

#[actix_web::test]
async fn a_failed_store_is_made_anew_with_a_changed_spec() {
    let api = TestApi::ready("update_of_failed").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;
    worker
        .say(&command, failed(FailureCode::QuotaExceeded, true))
        .await;
    api.store_with(&id, "Failed").await;

    let answer = api
        .patch(&format!("/stores/{id}"), json!({"plan": "large"}))
        .await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.json["status"], "Queued");
    let command = worker.command().await;
    assert_eq!(
        (
            command.body.kind,
            spec(&command).plan,
            command.body.ever_ready
        ),
        (OperationKind::Create, Plan::Large, false)
    );
    worker.make(&command).await;
    api.store_with(&id, "Ready").await;
}

#[actix_web::test]
async fn an_upgrade_without_a_body_is_to_the_newest_and_is_kept_at_what_serves_then() {
    let api = TestApi::ready("upgrade").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}/upgrade");

    let bare = Answer::of(api.request(Method::POST, &path).send().await.unwrap()).await;
    assert_eq!(
        (bare.status, &bare.json["operation"]["kind"]),
        (202, &json!("Update"))
    );
    let command = worker.command().await;
    assert_eq!((spec(&command).chart, spec(&command).image), (None, None));
    let chart = "store-0.2.0".to_owned();
    worker
        .say(
            &command,
            EventBody::Ready {
                revision: 2,
                chart,
                images: Default::default(),
            },
        )
        .await;
    let store = api.store_with(&id, "Ready").await;
    assert_eq!(
        (&store["chart"], &store["wanted"]["chart"]),
        (&json!("store-0.2.0"), &json!("0.2.0"))
    );

    let same = api.post(&path, json!({"chart": "0.2.0"})).await;
    assert_eq!(same.status, 200, "{}", same.text);
    let back = api.post(&path, json!({"chart": "0.1.0"})).await;
    assert_eq!(back.status, 202, "{}", back.text);
    assert_eq!(
        spec(&worker.command().await).chart.as_deref(),
        Some("0.1.0")
    );
    let audit = api.audit_of(&id).await;
    let upgrades = audit
        .iter()
        .filter(|line| *line == "store.upgrade.requested accepted");
    assert_eq!(upgrades.count(), 2, "{audit:?}");
}

#[actix_web::test]
async fn an_upgrade_of_a_store_whose_create_failed_makes_it_anew() {
    let api = TestApi::ready("upgrade_failed").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let create = worker.command().await;
    worker
        .say(&create, failed(FailureCode::ImageInvalid, true))
        .await;
    api.store_with(&id, "Failed").await;

    // A change to what is wanted already is none.
    let same = api
        .patch(&format!("/stores/{id}"), json!({"image": null}))
        .await;
    assert_eq!(same.status, 200, "{}", same.text);
    let answer = api.post(&format!("/stores/{id}/upgrade"), json!({})).await;
    assert_eq!(
        (answer.status, &answer.json["operation"]["kind"]),
        (202, &json!("Create")),
        "{}",
        answer.text
    );
    let again = worker.command().await;
    assert_eq!(
        (again.body.kind, again.generation),
        (OperationKind::Create, Generation(2))
    );
    worker.make(&again).await;
    api.store_with(&id, "Ready").await;
}

#[actix_web::test]
async fn a_change_is_a_conflict_while_something_is_open_or_the_store_goes_away() {
    let api = TestApi::ready("update_conflict").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");
    api.patch(&path, json!({"plan": "medium"})).await;
    worker.command().await;

    let busy = api.patch(&path, json!({"plan": "large"})).await;
    assert_eq!(
        (busy.status, &busy.json["code"]),
        (409, &json!("operation_open"))
    );
    let detail = busy.json["detail"].as_str().unwrap();
    assert!(
        detail.contains("Update is Queued") && detail.contains("/cancel"),
        "{detail}"
    );

    api.delete(&path).await;
    let delete = worker.command().await;
    let going = api.patch(&path, json!({"plan": "large"})).await;
    assert_eq!(
        (going.status, &going.json["code"]),
        (409, &json!("wrong_status"))
    );
    worker.say(&delete, EventBody::Deleted).await;
    api.store_with(&id, "Deleted").await;
    let gone = api.post(&format!("{path}/upgrade"), json!({})).await;
    assert_eq!(gone.status, 409, "{}", gone.text);
    let audit = api.audit_of(&id).await;
    let refused = audit
        .iter()
        .filter(|line| line.ends_with(".refused refused"));
    assert_eq!(refused.count(), 3, "{audit:?}");
}

#[actix_web::test]
async fn the_same_key_gives_the_same_answer_and_one_operation() {
    let api = TestApi::ready("update_key").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let send = async |change: Value| {
        let request = api
            .request(Method::PATCH, &format!("/stores/{id}"))
            .header("Idempotency-Key", "change-1")
            .json(&change);
        Answer::of(request.send().await.unwrap()).await
    };

    let first = send(json!({"plan": "medium", "replicas": 1})).await;
    let again = send(json!({"replicas": 1, "plan": "medium"})).await;
    assert_eq!((first.status, &first.text), (202, &again.text));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    let other = send(json!({"plan": "large"})).await;
    assert_eq!(
        (other.status, &other.json["code"]),
        (422, &json!("idempotency_key_reused"))
    );
    assert_eq!(worker.command().await.generation, Generation(2));
}

#[actix_web::test]
async fn changes_at_once_are_one_operation() {
    let api = TestApi::ready("update_parallel").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");

    let changes = (2..12).map(|replicas| api.patch(&path, json!({"replicas": replicas})));
    let answers = futures_util::future::join_all(changes).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409, 409, 409, 409, 409, 409, 409, 409, 409]);

    let command = worker.command().await;
    worker
        .say(
            &command,
            EventBody::StepStarted {
                step: Step::Release,
                run: 0,
            },
        )
        .await;
    worker.say(&command, ready()).await;
    assert_eq!(api.store_with(&id, "Ready").await["generation"], 2);
}
