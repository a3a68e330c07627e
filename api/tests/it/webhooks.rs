//! Webhooks against a real receiver: signed, tried again, replayed, rotated, disabled.

use serde_json::{Value, json};

use crate::harness::person::Person;
use crate::harness::receiver::Receiver;
use crate::harness::{TestApi, eventually};

const FAST: [(&str, &str); 5] = [
    ("URUMI_LOGIN", "required"),
    ("URUMI_WEBHOOK_ALLOW_LOOPBACK", "true"),
    ("URUMI_WEBHOOK_RETRY_BASE_MS", "20"),
    ("URUMI_WEBHOOK_RETRY_MAX_MS", "100"),
    ("URUMI_WEBHOOK_MAX_TRIES", "4"),
];

async fn a_webhook(person: &Person<'_>, receiver: &Receiver) -> (String, String) {
    let body = json!({ "url": receiver.url(), "types": ["store.status_changed"] });
    let answer = person.post("/webhooks", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let text = |name: &str| answer.json[name].as_str().unwrap().to_owned();
    (format!("/webhooks/{}", text("id")), text("secret"))
}

/// The log of a webhook, once its newest message has that status.
async fn log_with(person: &Person<'_>, hook: &str, status: &str) -> Vec<Value> {
    eventually(&format!("the newest message is {status}"), async || {
        let log = person.get(&format!("{hook}/deliveries")).await.json;
        let items = log["items"].as_array().unwrap().clone();
        (items.first()?["status"] == status).then_some(items)
    })
    .await
}

#[actix_web::test]
async fn an_event_is_sent_signed_and_tried_again_until_it_is_taken() {
    let api = TestApi::ready_with("webhooks_retry", &FAST).await;
    let acme = api.person("acme", "admin").await;
    let receiver = Receiver::answering(&[500, 302]);
    let (hook, secret) = a_webhook(&acme, &receiver).await;
    let store = acme.a_store("Shop").await;

    let came = receiver.first(3).await;
    let log = log_with(&acme, &hook, "Delivered").await;
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!(log[0]["attempts"], 3);
    let tries: Vec<_> = log[0]["tries"].as_array().unwrap().iter().collect();
    let said: Vec<_> = tries
        .iter()
        .map(|tried| (tried["status"].as_u64(), tried["error"].as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (Some(500), Some("it answered 500")),
            (
                Some(302),
                Some("it answered 302; redirects are not followed")
            ),
            (Some(200), None),
        ]
    );
    for message in &came {
        // The same message each time, and nothing at the place it was led to.
        assert_eq!(message.id, log[0]["message_id"].as_str().unwrap());
        assert_eq!(message.body, came[0].body);
        assert!(message.is_signed_with(&secret));
        assert!(!message.is_signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    }
    let body = came[0].json();
    assert_eq!(body["type"], "store.status_changed");
    assert_eq!(body["data"]["store_id"], store["id"]);
    assert_eq!(body["data"]["facts"]["to"], "Queued");
    assert_eq!(body["timestamp"], body["data"]["at"]);
    assert_eq!(receiver.came().len(), 3);
    receiver.close().await;
}

#[actix_web::test]
async fn what_was_given_up_is_sent_again_when_asked_as_the_same_message() {
    let api = TestApi::ready_with("webhooks_replay", &FAST).await;
    let acme = api.person("acme", "admin").await;
    let receiver = Receiver::answering(&[503, 503, 503, 503]);
    let (hook, secret) = a_webhook(&acme, &receiver).await;
    acme.a_store("Shop").await;
    let log = log_with(&acme, &hook, "Failed").await;
    assert_eq!(
        (log[0]["attempts"].as_i64(), receiver.came().len()),
        (Some(4), 4)
    );

    let path = format!(
        "{hook}/deliveries/{}/replay",
        log[0]["id"].as_str().unwrap()
    );
    assert_eq!(
        api.person("acme", "operator")
            .await
            .post(&path, json!({}))
            .await
            .status,
        403
    );
    let answer = acme.post(&path, json!({})).await;
    assert_eq!(
        (answer.status, &answer.json["status"]),
        (202, &json!("Pending"))
    );
    let came = receiver.first(5).await;
    assert_eq!(came[4].id, came[0].id);
    assert!(came[4].is_signed_with(&secret));
    log_with(&acme, &hook, "Delivered").await;
    let audit = acme.get("/stores/audit/logs?limit=200").await.text;
    assert!(audit.contains("webhook.delivery.replayed"), "{audit}");
    receiver.close().await;
}

#[actix_web::test]
async fn a_secret_is_shown_once_and_the_one_before_signs_on_after_a_rotation() {
    let sealed = [
        FAST.as_slice(),
        &[(
            "URUMI_WEBHOOK_SECRET_KEY",
            "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
        )],
    ]
    .concat();
    let api = TestApi::ready_with("webhooks_secret", &sealed).await;
    let acme = api.person("acme", "admin").await;
    let receiver = Receiver::answering(&[]);
    let (hook, first) = a_webhook(&acme, &receiver).await;
    let rotated = acme.post(&format!("{hook}/rotate"), json!({})).await;
    let second = rotated.json["secret"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    acme.a_store("Shop").await;
    let came = receiver.first(1).await;
    assert!(came[0].is_signed_with(&first) && came[0].is_signed_with(&second));

    let shown = [
        acme.get(&hook).await.text,
        acme.get("/webhooks").await.text,
        acme.get(&format!("{hook}/deliveries")).await.text,
        acme.get("/stores/audit/logs?limit=200").await.text,
    ];
    for text in shown {
        assert!(!text.contains("whsec_"), "{text}");
    }
    let audit = acme.get("/stores/audit/logs?limit=200").await.text;
    assert!(!audit.contains("token=hidden"), "{audit}");
    // Sealed at rest.
    let kept: Vec<u8> = sqlx::query_scalar("SELECT secret FROM webhooks")
        .fetch_one(&mut api.servers.sql().await)
        .await
        .unwrap();
    assert_eq!(kept[0], 1);
    receiver.close().await;
}

#[actix_web::test]
async fn a_webhook_that_is_gone_is_disabled_at_once_and_one_that_fails_long_too() {
    let settings = [
        FAST.as_slice(),
        &[("URUMI_WEBHOOK_DISABLE_AFTER_SECONDS", "0")],
    ]
    .concat();
    let api = TestApi::ready_with("webhooks_disabled", &settings).await;
    let acme = api.person("acme", "admin").await;
    for (answer, reason) in [(410, "Gone"), (500, "Failing")] {
        let receiver = Receiver::answering(&[answer; 9]);
        let (hook, _) = a_webhook(&acme, &receiver).await;
        acme.a_store("Shop").await;
        let view = eventually("it is disabled", async || {
            let view = acme.get(&hook).await.json;
            (view["enabled"] == false).then_some(view)
        })
        .await;
        assert_eq!(view["disabled_reason"], reason);
        let log = log_with(&acme, &hook, "Failed").await;
        assert_eq!(
            (log[0]["attempts"].as_i64(), receiver.came().len()),
            (Some(1), 1)
        );
        let path = format!(
            "{hook}/deliveries/{}/replay",
            log[0]["id"].as_str().unwrap()
        );
        let refused = acme.post(&path, json!({})).await;
        assert_eq!(refused.json["code"], "webhook_disabled", "{}", refused.text);
        // Put on again, it goes on with what happens from then on.
        let on = acme.patch(&hook, json!({ "enabled": true })).await;
        assert_eq!(
            (on.status, &on.json["disabled_reason"]),
            (200, &Value::Null)
        );
        assert_eq!(acme.delete(&hook).await.status, 204);
        assert_eq!(acme.get(&hook).await.status, 404);
        receiver.close().await;
    }
    let audit = acme.get("/stores/audit/logs?limit=200").await.json;
    let rows = audit["items"].as_array().unwrap().iter();
    let disabled = rows.filter(|row| row["action"] == "webhook.disabled");
    let outcomes: Vec<_> = disabled.map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, ["Gone", "Failing"]);
}

#[actix_web::test]
async fn two_apis_send_each_message_once() {
    let api = TestApi::ready_with("webhooks_two", &FAST).await;
    let other = api.beside();
    other.until_ready().await;
    let acme = api.person("acme", "admin").await;
    let receiver = Receiver::answering(&[]);
    a_webhook(&acme, &receiver).await;
    for shop in 0..12 {
        acme.a_store(&format!("Shop {shop}")).await;
    }
    let came = receiver.first(12).await;
    let mut ids: Vec<_> = came.iter().map(|message| &message.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((came.len(), ids.len()), (12, 12));
    receiver.close().await;
}

#[actix_web::test]
async fn another_tenants_webhook_is_unknown_and_is_told_nothing() {
    let api = TestApi::ready_with("webhooks_tenants", &FAST).await;
    let acme = api.person("acme", "admin").await;
    let globex = api.person("globex", "admin").await;
    let receiver = Receiver::answering(&[]);
    let (hook, _) = a_webhook(&acme, &receiver).await;
    let theirs = globex.a_store("Theirs").await;
    let mine = acme.a_store("Mine").await;
    let came = receiver.first(1).await;
    assert_eq!(came[0].json()["data"]["store_id"], mine["id"]);
    assert!(!came[0].body.contains(theirs["id"].as_str().unwrap()));
    for path in [hook.clone(), format!("{hook}/deliveries")] {
        let answer = globex.get(&path).await;
        assert_eq!(answer.json["code"], "webhook_not_found", "{path}");
    }
    let answer = globex.patch(&hook, json!({ "enabled": false })).await;
    assert_eq!(answer.status, 404);
    assert_eq!(globex.delete(&hook).await.status, 404);
    assert_eq!(globex.get("/webhooks").await.json["items"], json!([]));
    receiver.close().await;
}

#[actix_web::test]
async fn private_addresses_and_other_schemes_are_refused_when_a_webhook_is_made() {
    let api = TestApi::with_login("webhooks_refused").await;
    let acme = api.person("acme", "admin").await;
    for url in [
        "http://127.0.0.1:9/",
        "https://localhost/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "ftp://example.com/",
        "https://user:password@example.com/",
        "nonsense",
    ] {
        let answer = acme.post("/webhooks", json!({ "url": url })).await;
        assert_eq!(
            (answer.status, &answer.json["errors"][0]["pointer"]),
            (422, &json!("/url")),
            "{url}: {}",
            answer.text
        );
    }
    let made = acme
        .post("/webhooks", json!({ "url": "https://1.1.1.1/" }))
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let hook = format!("/webhooks/{}", made.json["id"].as_str().unwrap());
    let moved = acme
        .patch(&hook, json!({ "url": "https://127.0.0.1/" }))
        .await;
    assert_eq!(moved.status, 422);
    let wrong = json!({ "types": ["x"], "enabled": 1, "secret": "mine" });
    let wrong = acme.post("/webhooks", wrong).await;
    let pointers: Vec<_> = wrong.json["errors"].as_array().unwrap().iter().collect();
    let pointers: Vec<_> = pointers
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/types", "/enabled", "/secret", "/url"]);
}

#[actix_web::test]
async fn an_address_that_is_private_now_is_not_sent_to_though_it_was_allowed_when_made() {
    let mut api = TestApi::ready_with("webhooks_stricter", &FAST).await;
    let receiver = Receiver::answering(&[]);
    let hook = {
        let acme = api.person("acme", "admin").await;
        a_webhook(&acme, &receiver).await.0
    };
    api.halt();
    api.set("URUMI_WEBHOOK_ALLOW_LOOPBACK", "false");
    api.run();
    api.until_ready().await;
    let acme = api.person("acme", "admin").await;
    acme.a_store("Shop").await;
    let log = log_with(&acme, &hook, "Failed").await;
    assert_eq!(
        log[0]["tries"][0]["error"],
        "its host is at an address that is not public"
    );
    assert!(receiver.came().is_empty());
    receiver.close().await;
}
