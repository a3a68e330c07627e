//! How much: requests of a key, stores and operations of a tenant.

use futures_util::future::{join, join_all};
use serde_json::json;
use shared::failure::FailureCode;
use sqlx::Executor as _;

use crate::harness::person::PLATFORM;
use crate::harness::worker::failed;
use crate::harness::{TestApi, Worker, eventually};

#[actix_web::test]
async fn too_many_requests_of_a_key_are_429_and_say_when_to_come_back() {
    let api = TestApi::ready_with(
        "limits_rate",
        &[
            ("URUMI_LOGIN", "required"),
            ("URUMI_RATE_LIMIT_PER_SECOND", "1"),
            ("URUMI_RATE_LIMIT_BURST", "5"),
        ],
    )
    .await;
    let (one, two) = (
        api.person("acme", "viewer").await,
        api.person("acme", "viewer").await,
    );
    let first = one.get("/stores").await;
    assert_eq!(first.header("ratelimit"), "\"requests\";r=4;t=5");
    assert_eq!(first.header("ratelimit-policy"), "\"requests\";q=5;w=5");
    let answers = join_all((0..10).map(|_| one.get("/stores"))).await;
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(refused.json["code"], "rate_limited");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    // Another key is not hindered.
    assert_eq!(two.get("/stores").await.status, 200);
}

#[actix_web::test]
async fn whoever_has_no_key_is_limited_by_the_address_and_probes_are_not() {
    let api = TestApi::ready_with(
        "limits_strangers",
        &[
            ("URUMI_LOGIN", "required"),
            ("URUMI_STRANGER_LIMIT_PER_SECOND", "1"),
            ("URUMI_STRANGER_LIMIT_BURST", "4"),
            ("URUMI_TRUSTED_PROXIES", "127.0.0.1"),
        ],
    )
    .await;
    let one = api.person("acme", "viewer").await;
    let from = async |address: &str, path: &str, key: &str| {
        let request = api.client.get(format!("http://{}{path}", api.address));
        let request = request.header("X-Forwarded-For", format!("9.9.9.9, {address}"));
        let request = match key {
            "" => request,
            key => request.bearer_auth(key),
        };
        request.send().await.unwrap()
    };
    // No key, a wrong one, a page that needs nobody, no page: all count.
    for (number, (path, key)) in [
        ("/stores", ""),
        ("/stores", "urumi_wrong"),
        ("/openapi.json", ""),
        ("/nowhere", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let address = format!("198.51.100.{}", number + 1);
        assert_ne!(from(&address, path, key).await.status(), 429, "{path}");
        let answers = join_all((0..20).map(|_| from(&address, path, key))).await;
        let refused = answers.iter().find(|answer| answer.status() == 429);
        let after = refused.unwrap().headers()["retry-after"].to_str().unwrap();
        assert!(after.parse::<u64>().unwrap() >= 1);
    }
    let probes = join_all((0..20).map(|_| from("198.51.100.1", "/healthz", ""))).await;
    assert!(probes.iter().all(|answer| answer.status() == 200));
    // Another address, and a key from the same one, are not hindered.
    assert_eq!(from("198.51.100.9", "/stores", "").await.status(), 401);
    assert_eq!(one.get("/stores").await.status, 200);
}

#[actix_web::test]
async fn a_tenant_has_no_more_stores_than_it_may_however_many_ask_at_once() {
    let api = TestApi::with_login("limits_stores").await;
    let platform = api.person(PLATFORM, "admin").await;
    let acme = api.person("acme", "admin").await;
    let id = acme.get("/whoami").await.json["tenant"]["id"].clone();
    let tenant = format!("/tenants/{}", id.as_str().unwrap());
    let limits = json!({ "max_stores": 3 });
    assert_eq!(platform.patch(&tenant, limits).await.status, 200);

    let answers = join_all((0..8).map(|_| acme.post("/stores", json!({})))).await;
    let made = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(made, 3);
    let refused = answers.iter().find(|answer| answer.status != 202).unwrap();
    assert_eq!(
        (refused.status, refused.json["code"].as_str()),
        (409, Some("store_limit")),
        "{}",
        refused.text
    );
    let detail = refused.json["detail"].as_str().unwrap();
    assert!(detail.contains("3 stores"), "{detail}");
    let audit = acme.get("/stores/audit/logs?limit=200").await.json;
    let rows = audit["items"].as_array().unwrap().iter();
    let refusals = rows.filter(|row| row["details"]["reason"] == "store_limit");
    assert_eq!(refusals.count(), 5);
    // Another tenant is not hindered.
    let globex = api.person("globex", "operator").await;
    assert_eq!(globex.post("/stores", json!({})).await.status, 202);
}

#[actix_web::test]
async fn of_two_changes_of_a_tenants_limits_at_once_neither_is_lost() {
    let api = TestApi::with_login("limits_changes").await;
    let platform = api.person(PLATFORM, "admin").await;
    let acme = api.person("acme", "admin").await;
    let id = acme.get("/whoami").await.json["tenant"]["id"].clone();
    let tenant = format!("/tenants/{}", id.as_str().unwrap());
    // The other change is not committed before this one waits for it.
    let mut other = api.servers.sql().await;
    other.execute("BEGIN").await.unwrap();
    let change = "UPDATE tenants SET max_operations = 7 WHERE name = 'acme'";
    other.execute(change).await.unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let meanwhile = async {
        eventually("it waits for the row", async || {
            let mut sql = api.servers.sql().await;
            let waiting: i64 = sqlx::query_scalar(waits).fetch_one(&mut sql).await.unwrap();
            (waiting > 0).then_some(())
        })
        .await;
        other.execute("COMMIT").await.unwrap();
    };
    let change = platform.patch(&tenant, json!({ "max_stores": 3 }));
    let (changed, ()) = join(change, meanwhile).await;
    let after = json!({ "max_stores": 3, "max_operations": 7 });
    assert_eq!(changed.json["limits"], after, "{}", changed.text);
    let audit = platform.get("/stores/audit/logs?limit=200").await.json;
    let last = audit["items"].as_array().unwrap().last().unwrap();
    let before = json!({ "max_stores": null, "max_operations": 7 });
    assert_eq!(
        (&last["details"]["before"], &last["details"]["after"]),
        (&before, &after)
    );
}

#[actix_web::test]
async fn no_more_operations_are_open_than_may_be_and_a_delete_is_always_free() {
    let api = TestApi::ready_with(
        "limits_operations",
        &[
            ("URUMI_LOGIN", "required"),
            ("URUMI_TENANT_MAX_OPERATIONS", "2"),
        ],
    )
    .await;
    let acme = api.person("acme", "operator").await;
    let first = acme.a_store("One").await;
    acme.a_store("Two").await;
    let refused = acme.post("/stores", json!({})).await;
    assert_eq!(
        (refused.status, refused.json["code"].as_str()),
        (429, Some("operation_limit")),
        "{}",
        refused.text
    );
    assert_eq!(refused.header("retry-after"), "5");
    let path = format!("/stores/{}", first["id"].as_str().unwrap());
    assert_eq!(acme.delete(&path).await.status, 202);
}

#[actix_web::test]
async fn the_retry_of_a_failed_delete_is_free_too() {
    let settings = [("URUMI_TENANT_MAX_OPERATIONS", "1")];
    let api = TestApi::ready_with("limits_retry", &settings).await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    api.delete(&format!("/stores/{id}")).await;
    let delete = worker.command().await;
    let conflict = failed(FailureCode::NamespaceConflict, false);
    worker.say(&delete, conflict).await;
    api.store_with(&id, "DeleteFailed").await;

    let other = api.a_store().await;
    let refused = api.post("/stores", json!({})).await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    let retry = api.post(&format!("/stores/{id}/retry"), json!({})).await;
    assert_eq!(retry.status, 202, "{}", retry.text);

    // Any other retry takes a place.
    let cancelled = api
        .post(&format!("/stores/{other}/cancel"), json!({}))
        .await;
    assert_eq!(cancelled.status, 202, "{}", cancelled.text);
    let refused = api.post(&format!("/stores/{other}/retry"), json!({})).await;
    assert_eq!(
        (refused.status, &refused.json["code"]),
        (429, &json!("operation_limit"))
    );
}
