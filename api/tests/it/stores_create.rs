//! `POST /stores` and `GET /stores/{id}`.

use reqwest::Method;
use serde_json::json;
use shared::contract::command::Goal;
use shared::contract::event::EventBody;
use shared::failure::{Failure, FailureCode};
use shared::ids::StoreId;
use shared::step::Step;

use crate::harness::{Answer, TestApi, Worker, eventually};

#[actix_web::test]
async fn a_store_without_a_body_is_queued_with_the_default_name() {
    let api = TestApi::ready("create_empty").await;

    let answer = Answer::of(api.request(Method::POST, "/stores").send().await.unwrap()).await;

    assert_eq!(answer.status, 202);
    let id = answer.json["id"].as_str().unwrap();
    assert!(id.parse::<StoreId>().is_ok(), "{id}");
    assert_eq!(answer.header("location"), format!("/stores/{id}"));
    assert_eq!(answer.json["status"], "Queued");
    assert_eq!(answer.json["name"], "My Store");
    assert_eq!(answer.json["host"], format!("{id}.localhost"));
    assert_eq!(answer.json["url"], format!("http://{id}.localhost:8080"));
    assert_eq!(answer.json["operation"]["kind"], "Create");
    // But for where its command is by now.
    let mut shown = api.get(&format!("/stores/{id}")).await.json;
    shown["operation"]["waiting"] = answer.json["operation"]["waiting"].clone();
    assert_eq!(shown, answer.json);
}

#[actix_web::test]
async fn a_command_carries_all_that_a_worker_needs() {
    let api = TestApi::ready("create_command").await;
    let mut worker = Worker::of(&api).await;

    let body = json!({"name": "  Café ", "plan": "large", "admin_email": "me@shop.example"});
    let store = api.post("/stores", body).await.json;
    let command = worker.command().await;

    assert_eq!(command.store_id.as_str(), store["id"].as_str().unwrap());
    assert_eq!((command.attempt, command.generation.0), (1, 1));
    assert!(!command.body.ever_ready);
    assert_eq!(command.body.budget_ms, 900_000);
    let Goal::Present { spec } = command.body.goal else {
        panic!("a spec")
    };
    assert_eq!(spec.name.as_str(), "Café");
    assert_eq!(spec.plan.as_str(), "large");
    assert_eq!(spec.admin_email, "me@shop.example");
    assert_eq!(spec.host, store["host"].as_str().unwrap());
}

#[actix_web::test]
async fn a_store_becomes_ready_by_what_the_worker_reports() {
    let api = TestApi::ready("create_ready").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
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
    let store = api.store_with(&id, "Provisioning").await;
    assert_eq!(store["operation"]["steps"][0]["outcome"], "Running");
    assert!(store["operation"]["steps"][0]["duration_ms"].is_i64());

    worker.make(&command).await;
    let store = api.store_with(&id, "Ready").await;
    assert_eq!(store["operation"]["status"], "Succeeded");
    assert_eq!(
        (store["chart"].as_str(), store["revision"].as_i64()),
        (Some("store-0.1.0"), Some(1))
    );
    assert!(store["ready_at"].is_string());
    let steps = store["operation"]["steps"].as_array().unwrap();
    assert!(
        steps
            .iter()
            .all(|step| step["outcome"] == "Done" && step["duration_ms"].is_i64())
    );
    let operation = store["operation"]["id"].as_str().unwrap();
    assert_eq!(
        api.get(&format!("/operations/{operation}")).await.json,
        store["operation"]
    );
    assert_eq!(
        api.audit_of(&id).await,
        [
            "store.create.requested accepted",
            "operation.started accepted",
            "operation.succeeded succeeded",
            "store.ready succeeded"
        ],
    );
}

#[actix_web::test]
async fn while_the_cluster_is_away_the_store_waits_and_says_why() {
    let api = TestApi::ready("create_waiting").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_store().await;
    let command = worker.command().await;

    let cause = Failure::new(FailureCode::ClusterUnreachable, "connection refused");
    let waiting = EventBody::StepWaiting {
        step: Step::Namespace,
        message: "the cluster cannot be reached".to_owned(),
        cause: Some(cause),
        run: 0,
    };
    worker.say(&command, waiting).await;

    let store = eventually("the wait is shown", async || {
        let store = api.get(&format!("/stores/{id}")).await.json;
        store["operation"]["steps"][0]["waiting"]
            .is_object()
            .then_some(store)
    })
    .await;
    assert_eq!(store["status"], "Queued");
    let waiting = &store["operation"]["steps"][0]["waiting"];
    assert_eq!(waiting["code"], "ClusterUnreachable");
    assert_eq!(waiting["message"], "the cluster cannot be reached");
    assert!(
        api.audit_of(&id)
            .await
            .contains(&"operation.waiting ClusterUnreachable".to_owned())
    );
}
