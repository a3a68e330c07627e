//! `Idempotency-Key` on every POST of the contract: done once, answered alike.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use shared::amqp::topology::COMMANDS;

use crate::harness::document::Document;
use crate::harness::{Answer, TestApi};
use crate::makers::{Makers, NOBODY, SETTINGS};

/// Every POST, what has to be there first, and a body that is granted.
fn posts() -> Vec<(&'static str, &'static str, Value)> {
    let none = || json!({});
    let named = json!({ "store_ids": ["{id}"] });
    vec![
        ("/stores", "", json!({ "name": "One" })),
        ("/stores/{id}/retry", "failed", none()),
        ("/stores/{id}/cancel", "queued", none()),
        ("/stores/{id}/upgrade", "ready", json!({ "chart": "0.2.0" })),
        ("/stores/{id}/rollback", "upgraded", none()),
        ("/stores/{id}/suspend", "ready", none()),
        ("/stores/{id}/resume", "suspended", none()),
        ("/stores/{id}/login-link", "upgraded", none()),
        ("/dead-letters/{id}/replay", "dead-letters", none()),
        (
            "/reconciliation/adopt",
            "namespace without record",
            named.clone(),
        ),
        ("/reconciliation/purge", "namespace without record", named),
        ("/session", "", json!({ "key": "{key}" })),
        ("/keys", "", json!({ "name": "ci", "role": "viewer" })),
        ("/tenants", "", json!({ "name": "acme" })),
        ("/webhooks", "", json!({ "url": NOBODY })),
        ("/webhooks/{id}/rotate", "webhooks", none()),
        (
            "/webhooks/{id}/deliveries/{delivery}/replay",
            "webhooks",
            none(),
        ),
    ]
}

/// What is shown once, and not again.
const ONCE: [&str; 3] = ["key", "secret", "url"];

#[actix_web::test]
async fn every_post_with_a_key_is_done_once_and_gets_the_same_answer_again() {
    let document = Document::read();
    let contract: BTreeSet<_> = document
        .operations()
        .filter(|operation| operation.method == "post")
        .map(|operation| operation.path)
        .collect();
    let written: BTreeSet<_> = posts().iter().map(|(path, ..)| *path).collect();
    assert_eq!(written, contract, "left: this test, right: the contract");

    let api = TestApi::ready_with("idempotency_posts", &SETTINGS).await;
    let mut makers = Makers::of(&api).await;
    let admin = json!({ "name": "admin", "role": "admin" });
    let key = api.post("/keys", admin).await.json["key"].clone();
    let mut wrong = Vec::new();
    for (number, (path, given, body)) in posts().into_iter().enumerate() {
        let id = match given {
            "" => String::new(),
            "webhooks" => makers.thing(given).await,
            "dead-letters" => usable(&api, &mut makers).await,
            _ => makers.store(given).await,
        };
        let delivery = if path.contains("{delivery}") {
            makers.message(&id).await
        } else {
            String::new()
        };
        let body = body.to_string().replace("{id}", &id);
        let body = body.replace("{key}", key.as_str().unwrap());
        let path = path.replace("{id}", &id).replace("{delivery}", &delivery);
        let ask = async |path: &str, body: &str| {
            let request = api.request(Method::POST, path);
            let request = request.header("Idempotency-Key", format!("post-{number}"));
            let request = request.header("Content-Type", "application/json");
            Answer::of(request.body(body.to_owned()).send().await.unwrap()).await
        };
        let (first, again) = (ask(&path, &body).await, ask(&path, &body).await);
        let told = |answer: &Answer| {
            let mut json = answer.json.clone();
            for name in ONCE {
                json.as_object_mut().map(|fields| fields.remove(name));
            }
            (answer.status, json, answer.header("location").to_owned())
        };
        let fresh = first.status < 300 && first.header("idempotency-replayed").is_empty();
        if !fresh || again.header("idempotency-replayed") != "true" || told(&first) != told(&again)
        {
            wrong.push(format!(
                "{path}: {} {}\nagain: {} {}",
                first.status, first.text, again.status, again.text
            ));
        }
        // The key is of that request alone; a login's is whoever's who logs in.
        let other = ask("/stores", "{\"name\": \"Another\"}").await;
        if path != "/session" && other.json["code"] != "idempotency_key_reused" {
            wrong.push(format!(
                "{path}, then another: {} {}",
                other.status, other.text
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A dead letter that can be used by now: a command that is still wanted.
async fn usable(api: &TestApi, makers: &mut Makers<'_>) -> String {
    const MEND: &str = "UPDATE parked_messages SET queue = $1, payload = convert_to(
        (SELECT payload::text FROM outbox WHERE store_id = $2 AND kind = 'command'), 'UTF8')
        WHERE id = $3::uuid";
    let letter = makers.thing("dead-letters").await;
    let store = makers.store("queued").await;
    let mended = sqlx::query(MEND)
        .bind(COMMANDS.dead)
        .bind(store)
        .bind(&letter);
    mended.execute(&mut api.servers.sql().await).await.unwrap();
    letter
}
