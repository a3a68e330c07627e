//! One request for every problem: status, code and sentence are a snapshot.

use std::fmt::Write as _;

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::harness::{Answer, TestApi};

type Change = fn(RequestBuilder) -> RequestBuilder;

fn requests() -> Vec<(&'static str, Method, &'static str, Change)> {
    fn json_text(request: RequestBuilder, text: &'static str) -> RequestBuilder {
        request
            .header("content-type", "application/json")
            .body(text)
    }
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    vec![
        ("broken JSON", post.clone(), "/stores", |r| {
            json_text(r, "{\"name\": \"x")
        }),
        ("repeated key", post.clone(), "/stores", |r| {
            json_text(r, "{\"name\": \"a\", \"name\": \"b\"}")
        }),
        ("not an object", post.clone(), "/stores", |r| {
            json_text(r, "[1]")
        }),
        ("unknown field", post.clone(), "/stores", |r| {
            r.json(&json!({"nmae": "x"}))
        }),
        ("empty name", post.clone(), "/stores", |r| {
            r.json(&json!({"name": "  "}))
        }),
        ("long name", post.clone(), "/stores", |r| {
            r.json(&json!({"name": "x".repeat(61)}))
        }),
        ("control characters", post.clone(), "/stores", |r| {
            r.json(&json!({"name": "a\u{7}b"}))
        }),
        ("name of another type", post.clone(), "/stores", |r| {
            r.json(&json!({"name": null}))
        }),
        ("unknown plan", post.clone(), "/stores", |r| {
            r.json(&json!({"plan": "Small"}))
        }),
        ("wrong address", post.clone(), "/stores", |r| {
            r.json(&json!({"admin_email": "owner"}))
        }),
        ("all of it", post.clone(), "/stores", |r| {
            r.json(&json!({"name": "", "plan": 1, "a/b": 2}))
        }),
        ("form body", post.clone(), "/stores", |r| {
            r.header("content-type", "text/plain").body("name=x")
        }),
        ("no content type", post.clone(), "/stores", |r| r.body("{}")),
        ("large body", post.clone(), "/stores", |r| {
            r.header("content-type", "application/json")
                .body("x".repeat(70_000))
        }),
        ("bad idempotency key", post.clone(), "/stores", |r| {
            r.header("Idempotency-Key", "a b")
        }),
        ("query on POST", post.clone(), "/stores?wait=1", |r| r),
        ("unknown store", get.clone(), "/stores/store-bcdfgh", |r| r),
        (
            "delete of an unknown store",
            delete.clone(),
            "/stores/store-bcdfgh",
            |r| r,
        ),
        (
            "malformed store id",
            get.clone(),
            "/stores/store-ABC",
            |r| r,
        ),
        (
            "malformed id to delete",
            delete.clone(),
            "/stores/..%2f..%2fetc",
            |r| r,
        ),
        (
            "unknown operation",
            get.clone(),
            "/operations/01900000-0000-7000-8000-000000000042",
            |r| r,
        ),
        (
            "malformed operation id",
            get.clone(),
            "/operations/7",
            |r| r,
        ),
        (
            "unknown dead letter",
            post.clone(),
            "/dead-letters/01900000-0000-7000-8000-000000000042/replay",
            |r| r,
        ),
        (
            "malformed dead letter id",
            post.clone(),
            "/dead-letters/7/replay",
            |r| r,
        ),
        (
            "cancel of an unknown store",
            post.clone(),
            "/stores/store-bcdfgh/cancel",
            |r| r,
        ),
        (
            "unknown and wrong fields of a change",
            Method::PATCH,
            "/stores/store-bcdfgh",
            |r| r.json(&json!({"replicas": 0, "chart": "v1", "tag": "x"})),
        ),
        ("unknown path", get.clone(), "/shops", |r| r),
        (
            "unknown path below a store",
            get.clone(),
            "/stores/store-bcdfgh/x",
            |r| r,
        ),
        ("wrong method on the list", Method::PUT, "/stores", |r| r),
        (
            "wrong method on a store",
            post.clone(),
            "/stores/store-bcdfgh",
            |r| r,
        ),
        (
            "wrong method on the audit",
            delete,
            "/stores/audit/logs",
            |r| r,
        ),
        (
            "unknown parameter",
            get.clone(),
            "/stores?statsu=Ready",
            |r| r,
        ),
        ("unknown status", get.clone(), "/stores?status=ready", |r| r),
        (
            "limit out of range",
            get.clone(),
            "/stores?limit=201",
            |r| r,
        ),
        ("foreign cursor", get.clone(), "/stores?cursor=abc", |r| r),
        (
            "repeated parameter",
            get.clone(),
            "/stores?limit=1&limit=2",
            |r| r,
        ),
        (
            "wrong boolean",
            get.clone(),
            "/stores?include_deleted=yes",
            |r| r,
        ),
        (
            "audit of a malformed id",
            get.clone(),
            "/stores/audit/logs?store_id=x",
            |r| r,
        ),
        ("foreign host", get, "/stores", |r| {
            r.header("Host", "evil.example")
        }),
        ("foreign origin", post, "/stores", |r| {
            r.header("Origin", "http://store-bcdfgh.localhost:8080")
        }),
    ]
}

#[actix_web::test]
async fn every_refusal_is_a_problem_with_a_sentence_that_helps() {
    let api = TestApi::ready("problems").await;
    let mut table = String::new();
    for (name, method, path, change) in requests() {
        let request = change(api.request(method.clone(), path));
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{name}: {}",
            answer.text
        );
        assert_eq!(answer.json["status"], answer.status, "{name}");
        assert_eq!(
            answer.json["request_id"],
            answer.header("x-request-id"),
            "{name}"
        );
        let code = answer.json["code"].as_str().unwrap();
        assert_eq!(
            answer.json["type"],
            format!("/docs/problems#{code}"),
            "{name}"
        );
        let allow = answer.header("allow");
        let _ = writeln!(
            table,
            "{name}: {} {code} {allow}\n    {}",
            answer.status,
            answer.json["detail"].as_str().unwrap()
        );
        let errors = answer.json["errors"].as_array().unwrap();
        for error in errors {
            let _ = writeln!(table, "    - {} {}", error["pointer"], error["detail"]);
        }
    }
    insta::assert_snapshot!(table);
    assert_eq!(
        api.get("/stores?include_deleted=true").await.json["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[actix_web::test]
async fn the_same_origin_may_change_things() {
    let api = TestApi::ready("same_origin").await;
    let origin = format!("http://{}", api.address);
    let request = api
        .request(Method::POST, "/stores")
        .header("Origin", origin);
    assert_eq!(request.send().await.unwrap().status().as_u16(), 202);
}
