//! Keys and tenants: given out, shown once, taken back; nobody sees another's.

use serde_json::{Value, json};
use sqlx::Row as _;

use crate::harness::person::PLATFORM;
use crate::harness::{Answer, TestApi};

fn prefixes(list: &Answer) -> Vec<&str> {
    let items = list.json["items"].as_array().unwrap().iter();
    items.map(|key| key["prefix"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_key_is_shown_once_and_only_its_hash_is_kept() {
    let api = TestApi::with_login("access_key_once").await;
    let admin = api.person("acme", "admin").await;

    let wanted = json!({ "name": "ci", "role": "operator" });
    let ask = || {
        let request = admin.request(reqwest::Method::POST, "/keys");
        request.header("Idempotency-Key", "k1").json(&wanted)
    };
    let made = Answer::of(ask().send().await.unwrap()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let text = made.json["key"].as_str().unwrap();
    let prefix = made.json["prefix"].as_str().unwrap();
    assert!(text.starts_with(prefix) && text.len() == 60, "{text}");

    let again = Answer::of(ask().send().await.unwrap()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json["id"], made.json["id"]);
    assert_eq!(again.json["key"], Value::Null);

    let holder = api.holder(text);
    assert_eq!(holder.get("/whoami").await.json["role"], "operator");
    let list = admin.get("/keys").await;
    assert!(!list.text.contains(text), "{}", list.text);
    assert_eq!(prefixes(&list)[0], prefix);
    assert!(list.json["items"][0]["last_used_at"].is_string());

    // Nowhere in the database stands more of it than its prefix.
    let secret = &text[prefix.len() + 1..];
    let mut sql = api.servers.sql().await;
    for table in ["api_keys", "audit_events", "idempotency_keys"] {
        let rows = format!(
            "SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text LIKE $1 OR encode(to_jsonb(t)::text::bytea, 'escape') LIKE $1"
        );
        let found: i64 = sqlx::query(sqlx::AssertSqlSafe(rows))
            .bind(format!("%{secret}%"))
            .fetch_one(&mut sql)
            .await
            .unwrap()
            .get(0);
        assert_eq!(found, 0, "{table}");
    }
    let kept: Vec<u8> = sqlx::query("SELECT body FROM idempotency_keys WHERE key = 'k1'")
        .fetch_one(&mut sql)
        .await
        .unwrap()
        .get(0);
    assert!(!String::from_utf8(kept).unwrap().contains(secret));
}

#[actix_web::test]
async fn what_is_no_key_or_opens_nothing_any_more_is_401_with_what_to_do() {
    let api = TestApi::with_login("access_refused").await;
    let admin = api.person("acme", "admin").await;
    let key = |name: &str| json!({ "name": name, "role": "viewer" });
    let (late, gone) = (
        admin.post("/keys", key("late")).await.json,
        admin.post("/keys", key("gone")).await.json,
    );
    let path = format!("/keys/{}", gone["id"].as_str().unwrap());
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.delete(&path).await.status, 204);
    sqlx::query("UPDATE api_keys SET expires_at = now() WHERE name = 'late'")
        .execute(&mut api.servers.sql().await)
        .await
        .unwrap();

    let good = admin.key.clone().unwrap();
    let (head, tail) = good.split_at(good.len() - 1);
    let forged = format!("{head}{}", if tail == "A" { "B" } else { "A" });
    for (text, reason) in [
        (late["key"].as_str().unwrap(), "has expired"),
        (gone["key"].as_str().unwrap(), "was revoked"),
        (forged.as_str(), "not known"),
        ("urumi_bcdfghjklm_x", "not known"),
    ] {
        let answer = api.holder(text).get("/stores").await;
        assert_eq!(answer.status, 401, "{text}");
        assert_eq!(answer.json["code"], "credentials_refused");
        let detail = answer.json["detail"].as_str().unwrap();
        assert!(detail.contains(reason), "{detail}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    let nobody = api.nobody().get("/stores").await;
    assert_eq!(nobody.json["code"], "login_required");
    assert!(nobody.header("www-authenticate").starts_with("Bearer"));
    let basic = api.nobody().request(reqwest::Method::GET, "/stores");
    let basic = basic.basic_auth("a", Some("b")).send().await.unwrap();
    assert_eq!(basic.status(), 401);
    let statuses: Vec<Value> = admin.get("/keys").await.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["status"].clone())
        .collect();
    assert_eq!(statuses, ["Revoked", "Expired", "Active"]);
}

#[actix_web::test]
async fn another_tenants_store_is_unknown_and_its_name_appears_nowhere() {
    let api = TestApi::with_login("access_tenants").await;
    let acme = api.person("acme", "admin").await;
    let globex = api.person("globex", "admin").await;
    let theirs = acme.a_store("Moonlit Teapots").await;
    let id = theirs["id"].as_str().unwrap();
    globex.a_store("Ours").await;
    globex.delete(&format!("/stores/{id}")).await;
    globex
        .patch(&format!("/stores/{id}"), json!({ "replicas": 2 }))
        .await;

    for path in [
        "/stores?include_deleted=true",
        "/stores/audit/logs",
        &format!("/stores/audit/logs?store_id={id}"),
        "/keys",
        "/whoami",
    ] {
        let answer = globex.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        for secret in [id, "Moonlit", "acme"] {
            assert!(!answer.text.contains(secret), "{path}: {}", answer.text);
        }
    }
    assert_eq!(acme.get("/stores").await.json["items"][0]["id"], id);
    // The same idempotency key of two tenants is two keys.
    let create = |person: &crate::harness::person::Person<'_>| {
        let request = person.request(reqwest::Method::POST, "/stores");
        request.header("Idempotency-Key", "same").send()
    };
    let (one, two) = (create(&acme).await.unwrap(), create(&globex).await.unwrap());
    let (one, two) = (Answer::of(one).await, Answer::of(two).await);
    assert_ne!(one.json["id"], two.json["id"]);
    assert_eq!(two.header("idempotency-replayed"), "");
}

#[actix_web::test]
async fn who_runs_the_platform_makes_tenants_and_their_first_keys() {
    let api = TestApi::with_login("access_platform").await;
    let platform = api.person(PLATFORM, "admin").await;
    let made = platform
        .post("/tenants", json!({ "name": "acme", "max_stores": 3 }))
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let taken = platform.post("/tenants", json!({ "name": "acme" })).await;
    assert_eq!(
        (taken.status, taken.json["code"].as_str()),
        (409, Some("tenant_name_taken"))
    );
    let wanted = json!({ "name": "first", "role": "admin", "tenant_id": made.json["id"] });
    let key = platform.post("/keys", wanted.clone()).await;
    let key = key.json["key"].as_str().unwrap().to_owned();
    let acme = api.holder(&key);
    assert_eq!(acme.get("/whoami").await.json["tenant"]["name"], "acme");

    // An admin of a tenant gives out keys of that tenant alone.
    let other = api.person("globex", "admin").await;
    let refused = other.post("/keys", wanted).await;
    assert_eq!(refused.json["code"], "tenant_not_found");
    let tenant = format!("/tenants/{}", made.json["id"].as_str().unwrap());
    let changed = platform
        .patch(&tenant, json!({ "max_operations": 2 }))
        .await;
    assert_eq!(
        changed.json["limits"],
        json!({ "max_stores": 3, "max_operations": 2 })
    );
}

#[actix_web::test]
async fn who_runs_the_platform_sees_and_revokes_another_tenants_keys_and_nobody_else_does() {
    let api = TestApi::with_login("access_platform_keys").await;
    let platform = api.person(PLATFORM, "admin").await;
    let acme = api.person("acme", "admin").await;
    let globex = api.person("globex", "admin").await;
    let tenant = acme.get("/whoami").await.json["tenant"]["id"].clone();
    let wanted = json!({ "name": "lost", "role": "admin", "tenant_id": tenant });
    let made = platform.post("/keys", wanted).await.json;
    let theirs = format!("/keys?tenant_id={}", tenant.as_str().unwrap());

    let list = platform.get(&theirs).await;
    assert_eq!(list.status, 200, "{}", list.text);
    assert_eq!(prefixes(&list)[0], made["prefix"].as_str().unwrap());
    let first = platform.get(&format!("{theirs}&limit=1")).await;
    let cursor = first.json["next_cursor"].as_str().unwrap();
    let next = platform
        .get(&format!("{theirs}&limit=1&cursor={cursor}"))
        .await;
    assert_eq!(next.json["items"][0]["tenant_id"], tenant);
    // It belongs to that tenant's list.
    let mine = platform.get(&format!("/keys?cursor={cursor}")).await;
    assert_eq!(mine.status, 400, "{}", mine.text);

    assert_eq!(acme.get(&theirs).await.status, 200);
    let nowhere = format!("/keys?tenant_id={}", uuid::Uuid::now_v7());
    for (who, path) in [
        (&globex, &theirs),
        (&globex, &nowhere),
        (&platform, &nowhere),
    ] {
        let unknown = who.get(path).await;
        assert_eq!(
            (unknown.status, unknown.json["code"].as_str()),
            (404, Some("tenant_not_found"))
        );
    }

    let key = format!("/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(globex.delete(&key).await.status, 404);
    let holder = api.holder(made["key"].as_str().unwrap());
    assert_eq!(holder.get("/stores").await.status, 200);
    assert_eq!(platform.delete(&key).await.status, 204);
    assert_eq!(holder.get("/stores").await.status, 401);
    // Its owner's audit tells.
    let audit = acme.get("/stores/audit/logs").await.json;
    let last = audit["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["action"], &last["details"]["key_id"]),
        (&json!("key.revoked"), &made["id"])
    );
}

#[actix_web::test]
async fn a_change_refused_for_want_of_a_role_is_audited_and_a_look_is_not() {
    let api = TestApi::with_login("access_audit").await;
    let viewer = api.person("acme", "viewer").await;
    assert_eq!(viewer.post("/stores", json!({})).await.status, 403);
    assert_eq!(viewer.get("/keys").await.status, 403);
    let audit = viewer.get("/stores/audit/logs").await.json;
    let last = audit["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["action"], "access.refused");
    assert_eq!(last["details"]["tried"], "POST /stores");
    assert!(last["actor"].as_str().unwrap().starts_with("key:urumi_"));
}

#[actix_web::test]
async fn local_mode_asks_for_no_key_and_takes_one() {
    let api = TestApi::ready("access_local").await;
    let me = api.get("/whoami").await.json;
    assert_eq!(me["actor"], "local");
    assert_eq!(me["means"], "local");
    let viewer = api.person("acme", "viewer").await;
    assert_eq!(viewer.post("/stores", json!({})).await.status, 403);
    assert_eq!(api.holder("urumi_x").get("/stores").await.status, 401);
}

#[actix_web::test]
async fn production_starts_and_answers_nothing_without_a_key() {
    let settings = [("ENVIRONMENT", "prod"), ("URUMI_INSTALLATION", "p")];
    let api = TestApi::ready_with("access_prod", &settings).await;
    assert_eq!(api.get("/stores").await.status, 401);
    let admin = api.person(PLATFORM, "admin").await;
    assert_eq!(admin.get("/stores").await.status, 200);
    // Behind a proxy it has a name of its own.
    let named = admin.request(reqwest::Method::GET, "/stores");
    let named = named.header("Host", "urumi.example.com").send().await;
    assert_eq!(named.unwrap().status(), 200);
}
