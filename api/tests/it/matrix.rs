//! Who may do what: every path and method of the contract, asked by everybody,
//! beside a written table. A path without a row fails, and a row without a path.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::person::{PLATFORM, Person};
use crate::harness::{Answer, TestApi};

/// The columns: nobody · admin of another tenant · viewer · operator · admin ·
/// admin of the platform's own tenant. All about a store of `acme`, Queued.
type Row = (&'static str, &'static str, [u16; 6]);

#[rustfmt::skip]
const MATRIX: &[Row] = &[
    //                                         none other view oper admin platform
    ("get",    "/stores",                      [401, 200, 200, 200, 200, 200]),
    ("post",   "/stores",                      [401, 202, 403, 202, 202, 202]),
    ("get",    "/stores/events",               [401, 200, 200, 200, 200, 200]),
    ("get",    "/stores/{id}/events",          [401, 404, 200, 200, 200, 404]),
    ("get",    "/stores/counts",               [401, 200, 200, 200, 200, 200]),
    ("get",    "/stores/audit/logs",           [401, 200, 200, 200, 200, 200]),
    ("get",    "/stores/{id}",                 [401, 404, 200, 200, 200, 404]),
    ("patch",  "/stores/{id}",                 [401, 404, 403, 409, 409, 404]),
    ("delete", "/stores/{id}",                 [401, 404, 403, 202, 202, 404]),
    ("get",    "/stores/{id}/operations",      [401, 404, 200, 200, 200, 404]),
    // Nobody answers for a cluster here.
    ("get",    "/stores/{id}/pods",            [401, 404, 504, 504, 504, 404]),
    ("get",    "/stores/{id}/logs",            [401, 404, 403, 504, 504, 404]),
    ("post",   "/stores/{id}/retry",           [401, 404, 403, 409, 409, 404]),
    ("post",   "/stores/{id}/cancel",          [401, 404, 403, 202, 202, 404]),
    ("post",   "/stores/{id}/upgrade",         [401, 404, 403, 409, 409, 404]),
    ("post",   "/stores/{id}/rollback",        [401, 404, 403, 409, 409, 404]),
    ("post",   "/stores/{id}/suspend",         [401, 404, 403, 409, 409, 404]),
    ("post",   "/stores/{id}/resume",          [401, 404, 403, 409, 409, 404]),
    ("post",   "/stores/{id}/login-link",      [401, 404, 403, 409, 409, 404]),
    ("get",    "/operations/{id}",             [401, 404, 200, 200, 200, 404]),
    ("get",    "/dead-letters",                [401, 403, 403, 403, 403, 200]),
    ("post",   "/dead-letters/{id}/replay",    [401, 403, 403, 403, 403, 409]),
    ("get",    "/reconciliation",              [401, 403, 403, 403, 403, 200]),
    ("post",   "/reconciliation/adopt",        [401, 403, 403, 403, 403, 409]),
    ("post",   "/reconciliation/purge",        [401, 403, 403, 403, 403, 409]),
    ("get",    "/whoami",                      [401, 200, 200, 200, 200, 200]),
    ("post",   "/session",                     [401, 201, 201, 201, 201, 201]),
    ("delete", "/session",                     [204, 204, 204, 204, 204, 204]),
    ("get",    "/audit/verify",                [401, 200, 403, 403, 200, 200]),
    ("get",    "/audit/export",                [401, 200, 403, 403, 200, 200]),
    ("get",    "/audit/key",                   [200, 200, 200, 200, 200, 200]),
    ("get",    "/keys",                        [401, 200, 403, 403, 200, 200]),
    ("post",   "/keys",                        [401, 201, 403, 403, 201, 201]),
    ("delete", "/keys/{id}",                   [401, 404, 403, 403, 204, 204]),
    ("get",    "/tenants",                     [401, 403, 403, 403, 403, 200]),
    ("post",   "/tenants",                     [401, 403, 403, 403, 403, 201]),
    ("patch",  "/tenants/{id}",                [401, 403, 403, 403, 403, 200]),
    ("get",    "/webhooks",                    [401, 200, 403, 403, 200, 200]),
    ("post",   "/webhooks",                    [401, 201, 403, 403, 201, 201]),
    ("get",    "/webhooks/{id}",               [401, 404, 403, 403, 200, 404]),
    ("patch",  "/webhooks/{id}",               [401, 404, 403, 403, 200, 404]),
    ("delete", "/webhooks/{id}",               [401, 404, 403, 403, 204, 404]),
    ("post",   "/webhooks/{id}/rotate",        [401, 404, 403, 403, 200, 404]),
    ("get",    "/webhooks/{id}/deliveries",    [401, 404, 403, 403, 200, 404]),
    ("post",   "/webhooks/{id}/deliveries/{delivery}/replay", [401, 404, 403, 403, 202, 404]),
    ("get",    "/healthz",                     [200, 200, 200, 200, 200, 200]),
    ("get",    "/readyz",                      [200, 200, 200, 200, 200, 200]),
];

/// A name that only `acme` may see.
const NAME: &str = "Moonlit Teapots";

#[actix_web::test]
async fn everybody_may_what_the_matrix_says_on_every_path_and_no_more() {
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let mut contract = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        contract.extend(methods.map(|method| (method.clone(), path.clone())));
    }
    let rows = MATRIX.iter();
    let written: BTreeSet<_> = rows
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(written, contract, "left: the matrix, right: the contract");

    let settings = [
        ("URUMI_LOGIN", "required"),
        ("URUMI_WEBHOOK_ALLOW_LOOPBACK", "true"),
        ("URUMI_CLUSTER_TIMEOUT_MS", "50"),
    ];
    let api = TestApi::ready_with("matrix", &settings).await;
    let owner = api.person("acme", "admin").await;
    let people = [
        ("nobody", api.nobody()),
        ("other", api.person("globex", "admin").await),
        ("viewer", api.person("acme", "viewer").await),
        ("operator", api.person("acme", "operator").await),
        ("admin", api.person("acme", "admin").await),
        ("platform", api.person(PLATFORM, "admin").await),
    ];
    let mut wrong = Vec::new();
    for (method, path, expected) in MATRIX {
        for ((who, person), expected) in people.iter().zip(expected) {
            let place = Place::make(&api, &owner, path).await;
            let answer = place.ask(person, method).await;
            if answer.status != *expected {
                let said = (method, path, who, expected, answer.status);
                wrong.push(format!("{said:?}: {}", answer.text));
            }
            let stranger = matches!(*who, "nobody" | "other");
            let told = answer.text.contains(NAME)
                || (answer.status != 404 && answer.text.contains(&place.store));
            assert!(
                !(stranger && told),
                "{method} {path} {who}: {}",
                answer.text
            );
            if answer.status >= 400 {
                assert_eq!(answer.header("content-type"), "application/problem+json");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A fresh thing of acme's for one request.
struct Place {
    path: String,
    store: String,
    body: Value,
}

impl Place {
    async fn make(api: &TestApi, owner: &Person<'_>, path: &str) -> Self {
        let store = owner.a_store(NAME).await;
        let id = match path.split('/').nth(1).unwrap() {
            "operations" => store["operation"]["id"].clone(),
            "webhooks" => a_webhook(api, owner).await,
            "keys" => owner.post("/keys", key("victim")).await.json["id"].clone(),
            "tenants" => owner.get("/whoami").await.json["tenant"]["id"].clone(),
            "dead-letters" => dead_letter(api, store["id"].as_str().unwrap()).await,
            _ => store["id"].clone(),
        };
        let store = store["id"].as_str().unwrap().to_owned();
        let body = match path {
            "/stores/{id}" => json!({ "replicas": 3 }),
            "/stores/{id}/upgrade" => json!({ "chart": "9.9.9" }),
            "/stores" => json!({ "name": "Another" }),
            "/keys" => key("mine"),
            "/webhooks" => webhook(),
            "/tenants" => json!({ "name": format!("t{}", uuid::Uuid::now_v7().simple()) }),
            "/tenants/{id}" => json!({ "max_stores": 1000 }),
            _ if path.starts_with("/reconciliation/") => json!({ "store_ids": [store] }),
            _ => json!({}),
        };
        Self {
            path: path
                .replace("{id}", id.as_str().unwrap())
                .replace("{delivery}", id.as_str().unwrap())
                + end(path),
            store,
            body,
        }
    }

    async fn ask(&self, person: &Person<'_>, method: &str) -> Answer {
        let method: Method = method.to_uppercase().parse().unwrap();
        let with_body = matches!(method, Method::POST | Method::PATCH);
        let mut request = person.request(method, &self.path);
        if self.path == "/session" && with_body {
            let key = person.key.as_deref().unwrap_or("none");
            request = request.json(&json!({ "key": key }));
        } else if with_body {
            request = request.json(&self.body);
        }
        Answer::of(request.send().await.unwrap()).await
    }
}

fn webhook() -> Value {
    json!({ "url": "http://127.0.0.1:9/", "enabled": false })
}

/// Only one at a time, and with a message that has its id.
async fn a_webhook(api: &TestApi, owner: &Person<'_>) -> Value {
    let mut sql = api.servers.sql().await;
    sqlx::query("DELETE FROM webhooks")
        .execute(&mut sql)
        .await
        .unwrap();
    let made = owner.post("/webhooks", webhook()).await;
    let id = made.json["id"].clone();
    sqlx::query("WITH hook AS (UPDATE webhooks SET enabled = true RETURNING id)
        INSERT INTO webhook_deliveries (id, webhook_id, position, type, body, status, tries_left, created_at)
        SELECT id, id, 1, 'store.changed', '{}', 'Failed', 0, now() FROM hook")
        .execute(&mut sql)
        .await
        .unwrap();
    id
}

/// A stream has an end only if it is asked to.
fn end(path: &str) -> &'static str {
    if path.ends_with("/events") {
        "?after=0&follow=false"
    } else {
        ""
    }
}

fn key(name: &str) -> Value {
    json!({ "name": name, "role": "viewer" })
}

/// One that is about a store, and cannot be used.
async fn dead_letter(api: &TestApi, store: &str) -> Value {
    let id = uuid::Uuid::now_v7();
    sqlx::query("INSERT INTO parked_messages (id, queue, reason, payload) VALUES ($1, 'store.events', 'odd', $2)")
        .bind(id)
        .bind(format!("{{\"store_id\": \"{store}\", \"name\": \"{NAME}\"}}").into_bytes())
        .execute(&mut api.servers.sql().await)
        .await
        .unwrap();
    json!(id)
}
