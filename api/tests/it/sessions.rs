//! A browser's login: a cookie that only our own pages can use, and not for ever.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::person::Person;
use crate::harness::{Answer, TestApi};

/// `name=value` of the cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

async fn log_in(api: &TestApi, person: &Person<'_>) -> Answer {
    let key = person.key.clone().unwrap();
    api.post("/session", json!({ "key": key })).await
}

async fn with(api: &TestApi, cookie: &str, method: Method, origin: Option<&str>) -> Answer {
    let mut request = api.request(method, "/stores").header("Cookie", cookie);
    if let Some(origin) = origin {
        request = request.header("Origin", origin);
    }
    Answer::of(request.send().await.unwrap()).await
}

#[actix_web::test]
async fn a_key_opens_a_session_whose_cookie_no_script_reads_and_no_other_page_uses() {
    let api = TestApi::with_login("session_cookie").await;
    let operator = api.person("acme", "operator").await;
    let opened = log_in(&api, &operator).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    assert_eq!(opened.json["means"], "session");
    let set = opened.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"] {
        assert!(set.contains(part), "{set}");
    }
    let cookie = cookie(&opened);
    let home = format!("http://{}", api.address);

    let seen = with(&api, &cookie, Method::GET, None).await;
    assert_eq!(seen.status, 200);
    let made = with(&api, &cookie, Method::POST, Some(&home)).await;
    assert_eq!(made.status, 202, "{}", made.text);
    for elsewhere in [None, Some("http://evil.example"), Some("null")] {
        let refused = with(&api, &cookie, Method::POST, elsewhere).await;
        assert_eq!(
            (refused.status, refused.json["code"].as_str()),
            (403, Some("forbidden_origin")),
            "{elsewhere:?}"
        );
    }
    // Nothing of it stands in the database but its hash.
    let kept: Vec<u8> = sqlx::query_scalar("SELECT hash FROM sessions")
        .fetch_one(&mut api.servers.sql().await)
        .await
        .unwrap();
    assert!(!cookie.contains(&String::from_utf8_lossy(&kept).into_owned()));
}

#[actix_web::test]
async fn a_session_ends_by_logout_idle_in_time_and_with_its_key() {
    let api = TestApi::with_login("session_ends").await;
    let admin = api.person("acme", "admin").await;
    let mut sql = api.servers.sql().await;
    let status = async |cookie: &str| with(&api, cookie, Method::GET, None).await.status;

    let one = cookie(&log_in(&api, &admin).await);
    assert_eq!(status(&one).await, 200);
    let out = api
        .request(Method::DELETE, "/session")
        .header("Cookie", &one);
    let out = Answer::of(out.send().await.unwrap()).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(status(&one).await, 401);

    for change in [
        "UPDATE sessions SET last_seen_at = now() - interval '9 hours'",
        "UPDATE sessions SET expires_at = now()",
        "UPDATE api_keys SET revoked_at = now()",
    ] {
        let fresh = cookie(&log_in(&api, &admin).await);
        assert_eq!(status(&fresh).await, 200, "{change}");
        sqlx::query(change).execute(&mut sql).await.unwrap();
        assert_eq!(status(&fresh).await, 401, "{change}");
    }
    let refused = log_in(&api, &admin).await;
    assert_eq!(refused.json["code"], "credentials_refused");
    assert_eq!(api.post("/session", json!({})).await.status, 422);
}

#[actix_web::test]
async fn in_production_the_cookie_goes_over_tls_alone() {
    let settings = [("ENVIRONMENT", "prod"), ("URUMI_INSTALLATION", "p")];
    let api = TestApi::ready_with("session_prod", &settings).await;
    let admin = api.person("acme", "admin").await;
    let opened = log_in(&api, &admin).await;
    let set = opened.header("set-cookie");
    assert!(set.starts_with("__Host-urumi_session="), "{set}");
    assert!(set.contains("Secure"), "{set}");
    let audit = admin.get("/stores/audit/logs").await.json;
    let last: Value = audit["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["action"], "session.opened");
}

#[actix_web::test]
async fn a_login_that_is_sent_again_with_its_key_gives_the_same_cookie_and_one_session() {
    let api = TestApi::with_login("session_again").await;
    let operator = api.person("acme", "operator").await;
    let key = operator.key.clone().unwrap();
    let ask = async |request: &str| {
        let asked = api
            .request(Method::POST, "/session")
            .json(&json!({ "key": key }));
        let asked = asked.header("Idempotency-Key", request).send();
        Answer::of(asked.await.unwrap()).await
    };
    let (first, again, other) = (ask("one").await, ask("one").await, ask("two").await);
    assert_eq!((first.status, again.status), (201, 201), "{}", again.text);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.text, again.text);
    assert_eq!(cookie(&first), cookie(&again));
    assert_ne!(cookie(&first), cookie(&other));
    let sessions: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions")
        .fetch_one(&mut api.servers.sql().await)
        .await
        .unwrap();
    assert_eq!(sessions, 2);
    assert_eq!(
        with(&api, &cookie(&again), Method::GET, None).await.status,
        200
    );
}
