//! Records against the cluster, with real messages: what is named is done, and
//! unsure ground does nothing.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use shared::contract::command::Goal;
use shared::contract::event::EventBody;
use shared::contract::observation::{NamespaceSeen, ObservationBody};
use shared::ids::Generation;
use shared::operation::OperationKind;

use crate::harness::{TestApi, Worker, eventually};
use crate::observer::Eyes;

pub fn seen(name: &str, installation: Option<&str>, revision: i64) -> NamespaceSeen {
    NamespaceSeen {
        name: name.to_owned(),
        installation: installation.map(str::to_owned),
        tenant: None,
        ever_ready: true,
        terminating: false,
        revision: Some(revision),
        chart: Some("store-0.1.0".to_owned()),
    }
}

async fn ready_store(api: &TestApi, worker: &mut Worker) -> String {
    let id = api.a_store().await;
    let command = worker.command().await;
    worker.make(&command).await;
    api.store_with(&id, "Ready").await;
    id
}

async fn tell(api: &TestApi, eyes: &Eyes, complete: bool, namespaces: Vec<NamespaceSeen>) -> Value {
    let count = namespaces.len();
    let body = ObservationBody::Inventory {
        complete,
        namespaces,
    };
    eyes.say("local", 1, body).await;
    eventually("the inventory is kept", async || {
        let report = api.get("/reconciliation").await.json;
        let inventory = &report["inventory"];
        (inventory["namespaces"] == count && inventory["complete"] == complete).then_some(report)
    })
    .await
}

fn kinds(report: &Value) -> Vec<(String, String)> {
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    let items = report["items"].as_array().unwrap().iter();
    items
        .map(|item| (text(item, "kind"), text(item, "store_id")))
        .collect()
}

async fn refused(api: &TestApi, deed: &str, ids: &[&str], because: &str) {
    let answer = api
        .post(
            &format!("/reconciliation/{deed}"),
            json!({ "store_ids": ids }),
        )
        .await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert_eq!(answer.json["code"], "reconciliation_refused");
    let detail = answer.json["detail"].as_str().unwrap();
    assert!(detail.contains(because), "{detail}");
}

#[actix_web::test]
async fn what_is_named_is_adopted_or_purged_by_ordinary_operations() {
    let settings = [("URUMI_RECONCILIATION_MAX_SHARE_PERCENT", "100")];
    let api = TestApi::ready_with("reconcile_acts", &settings).await;
    let mut worker = Worker::of(&api).await;
    let eyes = Eyes::of(&api);
    let drifted = ready_store(&api, &mut worker).await;
    let lost = ready_store(&api, &mut worker).await;
    let ours = Some("local");
    let report = tell(
        &api,
        &eyes,
        true,
        vec![
            seen(&drifted, ours, 7),
            seen("store-bcdfgh", ours, 3),
            seen("store-bcdfgj", ours, 3),
            seen("store-bcdfgk", None, 3),
        ],
    )
    .await;
    let expected = [
        ("namespace_without_record", "store-bcdfgh"),
        ("namespace_without_record", "store-bcdfgj"),
        ("record_without_namespace", lost.as_str()),
        ("foreign_namespace", "store-bcdfgk"),
        ("drifted_release", drifted.as_str()),
    ];
    let expected = expected.map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    assert_eq!(kinds(&report), expected);
    assert_eq!(report["refusal"], Value::Null);
    worker.no_command(Duration::from_millis(300)).await;

    refused(
        &api,
        "adopt",
        &["store-bcdfgk"],
        "whoever made it has to remove it",
    )
    .await;
    refused(
        &api,
        "purge",
        &["store-bcdfgk"],
        "whoever made it has to remove it",
    )
    .await;
    refused(&api, "purge", &[&drifted], "not among the differences").await;

    // The cluster knows generation 5: the record goes above it by itself.
    let answer = api
        .post(
            "/reconciliation/adopt",
            json!({ "store_ids": ["store-bcdfgh"] }),
        )
        .await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let adopt = worker.command().await;
    assert!(adopt.body.ever_ready && adopt.body.kind == OperationKind::Create);
    let newer = Generation(5);
    worker.say(&adopt, EventBody::Stopped { newer }).await;
    let above = worker.command().await;
    assert_eq!(above.generation, Generation(6));
    worker.make(&above).await;
    api.store_with("store-bcdfgh", "Ready").await;
    let audit = api.audit_of("store-bcdfgh").await;
    assert_eq!(audit[0], "store.adopt.requested accepted");

    for (deed, id, kind) in [
        ("adopt", drifted.as_str(), OperationKind::Update),
        ("purge", "store-bcdfgj", OperationKind::Delete),
        ("purge", lost.as_str(), OperationKind::Delete),
    ] {
        let path = format!("/reconciliation/{deed}");
        let answer = api.post(&path, json!({ "store_ids": [id] })).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let command = worker.command().await;
        assert_eq!((command.store_id.as_str(), command.body.kind), (id, kind));
        let named = answer.json["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(named, command.operation_id.to_string());
        if command.body.goal == Goal::Absent {
            worker.say(&command, EventBody::Deleted).await;
            api.store_with(id, "Deleted").await;
        } else {
            worker.make(&command).await;
            api.store_with(id, "Ready").await;
        }
        let told = format!("store.{deed}.requested accepted");
        assert!(api.audit_of(id).await.contains(&told));
    }
}

#[actix_web::test]
async fn a_protected_store_is_not_purged_though_its_namespace_is_gone() {
    let settings = [("URUMI_RECONCILIATION_MAX_SHARE_PERCENT", "100")];
    let api = TestApi::ready_with("reconcile_protected", &settings).await;
    let mut worker = Worker::of(&api).await;
    let eyes = Eyes::of(&api);
    let lost = ready_store(&api, &mut worker).await;
    let path = format!("/stores/{lost}");
    let protect = async |on: bool| api.patch(&path, json!({"deletion_protection": on})).await;
    assert_eq!(protect(true).await.status, 200);
    tell(&api, &eyes, true, vec![seen("store-bcdfgk", None, 3)]).await;

    let purge = json!({ "store_ids": [&lost] });
    let answer = api.post("/reconciliation/purge", purge.clone()).await;
    let code = &answer.json["code"];
    assert_eq!((answer.status, code), (409, &json!("deletion_protected")));
    worker.no_command(Duration::from_millis(300)).await;
    assert_eq!(api.get(&path).await.json["status"], "Ready");

    // It changed, so it takes an inventory that is newer than that.
    assert_eq!(protect(false).await.status, 200);
    let foreign = ["store-bcdfgk", "store-bcdfgl"].map(|name| seen(name, None, 3));
    tell(&api, &eyes, true, foreign.into()).await;
    let answer = api.post("/reconciliation/purge", purge).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
}

#[actix_web::test]
async fn what_is_left_of_a_deleted_store_is_purged_and_never_adopted() {
    let api = TestApi::ready("reconcile_deleted").await;
    let mut worker = Worker::of(&api).await;
    let eyes = Eyes::of(&api);
    let gone = ready_store(&api, &mut worker).await;
    api.delete(&format!("/stores/{gone}")).await;
    let delete = worker.command().await;
    worker.say(&delete, EventBody::Deleted).await;
    api.store_with(&gone, "Deleted").await;
    let report = tell(&api, &eyes, true, vec![seen(&gone, Some("local"), 3)]).await;
    let expected = ("namespace_without_record".to_owned(), gone.clone());
    assert_eq!(kinds(&report), [expected]);
    assert_eq!(report["items"][0]["status"], "Deleted");

    refused(&api, "adopt", &[&gone], "can only be purged").await;
    let purge = json!({ "store_ids": [&gone] });
    let answer = api.post("/reconciliation/purge", purge).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(worker.command().await.body.goal, Goal::Absent);
}

#[actix_web::test]
async fn of_calls_at_once_one_acts_and_the_others_are_told_that_nothing_is_left() {
    let api = TestApi::ready("reconcile_race").await;
    let eyes = Eyes::of(&api);
    let left = "store-bcdfgh";
    tell(&api, &eyes, true, vec![seen(left, Some("local"), 3)]).await;
    let adopt = json!({ "store_ids": [left] });
    let calls = (0..8).map(|_| api.post("/reconciliation/adopt", adopt.clone()));
    let answers = join_all(calls).await;
    let done = answers.iter().filter(|answer| answer.status == 202);
    assert_eq!(done.count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 202) {
        let code = answer.json["code"].as_str();
        assert_eq!(code, Some("reconciliation_refused"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn the_report_reads_no_more_of_a_store_than_is_compared() {
    let api = TestApi::ready("reconcile_columns").await;
    let mut worker = Worker::of(&api).await;
    let eyes = Eyes::of(&api);
    let drifted = ready_store(&api, &mut worker).await;
    // Whoever reads the whole row cannot read it.
    let mut sql = api.servers.sql().await;
    sqlx::query("UPDATE stores SET previous = '7'")
        .execute(&mut sql)
        .await
        .unwrap();
    let report = tell(&api, &eyes, true, vec![seen(&drifted, Some("local"), 7)]).await;
    assert_eq!(kinds(&report), [("drifted_release".to_owned(), drifted)]);
}

#[actix_web::test]
async fn an_inventory_that_proves_nothing_purges_nothing() {
    let settings = [("URUMI_RECONCILIATION_MAX_SHARE_PERCENT", "50")];
    let api = TestApi::ready_with("reconcile_refuses", &settings).await;
    let mut worker = Worker::of(&api).await;
    let eyes = Eyes::of(&api);
    let lost = ready_store(&api, &mut worker).await;
    let other = ready_store(&api, &mut worker).await;
    let both = [lost.as_str(), other.as_str()];

    refused(
        &api,
        "purge",
        &both[..1],
        "inventory of the cluster has come yet",
    )
    .await;
    let report = tell(&api, &eyes, false, vec![]).await;
    assert!(kinds(&report).is_empty(), "{report}");
    refused(&api, "purge", &both[..1], "incomplete").await;
    tell(&api, &eyes, true, vec![]).await;
    refused(&api, "purge", &both[..1], "empty while 2 stores").await;
    let foreign = || vec![seen("store-bcdfgk", None, 3)];
    tell(&api, &eyes, true, foreign()).await;
    refused(&api, "purge", &both, "at most 1 are allowed").await;
    let mut sql = api.servers.sql().await;
    sqlx::query("UPDATE inventories SET taken_at = taken_at - interval '1 hour'")
        .execute(&mut sql)
        .await
        .unwrap();
    refused(&api, "purge", &both[..1], "s old, at most 300 s").await;

    worker.no_command(Duration::from_millis(300)).await;
    let audit = api.get("/stores/audit/logs?limit=200").await.json;
    let items = audit["items"].as_array().unwrap();
    let told = items
        .iter()
        .filter(|item| item["action"] == "store.purge.refused");
    assert_eq!(told.count(), 5);
    for (body, status) in [
        (json!({}), 422),
        (json!({ "store_ids": [] }), 422),
        (json!({ "store_ids": ["x"] }), 422),
        (json!({ "store_ids": "all" }), 422),
        (json!({ "all": true }), 422),
    ] {
        let answer = api.post("/reconciliation/purge", body.clone()).await;
        assert_eq!(answer.status, status, "{body}");
    }
    let wrong = api.request(Method::DELETE, "/reconciliation").send().await;
    assert_eq!(wrong.unwrap().status().as_u16(), 405);
}
