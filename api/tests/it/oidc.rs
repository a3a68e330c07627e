//! Bearer tokens of an issuer, which here is a small server of the test's own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::harness::{TestApi, eventually};

/// A key of the issuer's.
#[derive(Clone)]
struct Signing {
    kid: String,
    private: Vec<u8>,
    public: String,
}

impl Signing {
    fn new(kid: &str) -> Self {
        let private = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).unwrap();
        Self {
            kid: kid.to_owned(),
            private: private.as_ref().to_vec(),
            public: URL_SAFE_NO_PAD.encode(pair.public_key()),
        }
    }

    fn token(&self, claims: &Value) -> String {
        let header = Header {
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        encode(&header, claims, &EncodingKey::from_ed_der(&self.private)).unwrap()
    }
}

/// Publishes keys, and counts how often it was asked for them.
struct Issuer {
    url: String,
    keys: Arc<Mutex<Vec<Signing>>>,
    asked: Arc<Mutex<usize>>,
    /// What it says of itself instead, if anything.
    instead: Arc<Mutex<Option<String>>>,
}

impl Issuer {
    async fn start(first: &Signing) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let keys = Arc::new(Mutex::new(vec![first.clone()]));
        let asked = Arc::new(Mutex::new(0));
        let instead = Arc::new(Mutex::new(None));
        let (served, counted, home) = (keys.clone(), asked.clone(), url.clone());
        let said = instead.clone();
        actix_web::rt::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 2048];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let body = if request.starts_with("GET /.well-known/openid-configuration ") {
                    json!({ "issuer": home, "jwks_uri": format!("{home}/keys") })
                } else {
                    *counted.lock().unwrap() += 1;
                    let keys = served.lock().unwrap();
                    let keys: Vec<Value> = keys.iter().map(|key| json!({
                        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.kid, "x": key.public,
                    })).collect();
                    json!({ "keys": keys })
                };
                let instead = said.lock().unwrap().clone();
                let body = instead.unwrap_or_else(|| body.to_string());
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self {
            url,
            keys,
            asked,
            instead,
        }
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.url, "aud": "urumi", "sub": "u1", "exp": in_seconds(300),
            "urumi_role": "operator", "urumi_tenant": "acme",
        })
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

fn in_seconds(seconds: i64) -> i64 {
    OffsetDateTime::now_utc().unix_timestamp() + seconds
}

async fn api_with(name: &str, issuer: &Issuer, refresh: &str) -> TestApi {
    api_of(name, issuer, refresh, "300").await
}

async fn api_of(name: &str, issuer: &Issuer, refresh: &str, max_age: &str) -> TestApi {
    let settings = [
        ("URUMI_LOGIN", "required"),
        ("URUMI_OIDC_ISSUER", issuer.url.as_str()),
        ("URUMI_OIDC_AUDIENCE", "urumi"),
        ("URUMI_OIDC_REFRESH_SECONDS", refresh),
        ("URUMI_OIDC_MAX_AGE_SECONDS", max_age),
    ];
    let api = TestApi::ready_with(name, &settings).await;
    // The tenant that the tokens name.
    api.person("acme", "viewer").await;
    api
}

#[actix_web::test]
async fn a_token_is_believed_only_from_its_issuer_for_this_audience_and_in_time() {
    let key = Signing::new("k1");
    let issuer = Issuer::start(&key).await;
    let api = api_with("oidc_checks", &issuer, "0").await;
    let with = |name: &str, value: Value| {
        let mut claims = issuer.claims();
        claims[name] = value;
        key.token(&claims)
    };

    let you = api
        .holder(&key.token(&issuer.claims()))
        .get("/whoami")
        .await;
    assert_eq!(you.status, 200, "{}", you.text);
    assert_eq!(you.json["actor"], "oidc:u1");
    assert_eq!(you.json["role"], "operator");
    assert_eq!(you.json["tenant"]["name"], "acme");
    let fine = api.holder(&key.token(&issuer.claims()));
    assert_eq!(fine.post("/stores", json!({})).await.status, 202);
    assert_eq!(fine.get("/keys").await.status, 403);

    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!(
        "{}.{}.",
        part(&json!({ "alg": "none", "kid": "k1" })),
        part(&issuer.claims())
    );
    // Signed with a public text as if it were a secret.
    let secret = EncodingKey::from_secret(key.public.as_bytes());
    let header = Header {
        kid: Some("k1".to_owned()),
        ..Header::new(Algorithm::HS256)
    };
    let confused = encode(&header, &issuer.claims(), &secret).unwrap();
    let mut forged = Signing::new("k1");
    forged.public.clone_from(&key.public);
    for (what, token) in [
        ("another audience", with("aud", json!("shop"))),
        ("another issuer", with("iss", json!("https://evil.example"))),
        ("expired", with("exp", json!(in_seconds(-60)))),
        ("not yet", with("nbf", json!(in_seconds(120)))),
        ("no end", with("exp", Value::Null)),
        ("no role", with("urumi_role", json!("root"))),
        ("no tenant", with("urumi_tenant", json!("nobody"))),
        ("alg none", unsigned),
        ("a secret for a key", confused),
        ("another key", forged.token(&issuer.claims())),
        ("an unknown key", Signing::new("k9").token(&issuer.claims())),
        ("no token", "a.b.c".to_owned()),
    ] {
        let answer = api.holder(&token).get("/stores").await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        assert_eq!(answer.json["code"], "credentials_refused", "{what}");
    }
}

#[actix_web::test]
async fn a_new_key_of_the_issuer_is_fetched_and_a_withdrawn_one_opens_nothing() {
    let (old, new) = (Signing::new("k1"), Signing::new("k2"));
    let issuer = Issuer::start(&old).await;
    let api = api_with("oidc_rotation", &issuer, "0").await;
    let status = async |key: &Signing| {
        let token = key.token(&issuer.claims());
        api.holder(&token).get("/stores").await.status
    };
    assert_eq!(status(&old).await, 200);
    assert_eq!(status(&new).await, 401);
    *issuer.keys.lock().unwrap() = vec![new.clone()];
    assert_eq!(status(&new).await, 200);
    assert_eq!(status(&old).await, 401);
}

#[actix_web::test]
async fn made_up_key_names_do_not_make_the_server_ask_the_issuer() {
    let key = Signing::new("k1");
    let issuer = Issuer::start(&key).await;
    let api = api_with("oidc_pause", &issuer, "3600").await;
    let mine = api.holder(&key.token(&issuer.claims()));
    assert_eq!(mine.get("/stores").await.status, 200);
    for n in 0..20 {
        let token = Signing::new(&format!("x{n}")).token(&issuer.claims());
        assert_eq!(api.holder(&token).get("/stores").await.status, 401);
    }
    assert_eq!(issuer.asked(), 1);
    assert_eq!(mine.get("/stores").await.status, 200);
}

#[actix_web::test]
async fn an_issuer_that_is_away_is_503_for_its_tokens_and_keys_work_on() {
    let key = Signing::new("k1");
    let settings = [
        ("URUMI_LOGIN", "required"),
        ("URUMI_OIDC_ISSUER", "http://127.0.0.1:9"),
        ("URUMI_OIDC_AUDIENCE", "urumi"),
    ];
    let api = TestApi::ready_with("oidc_away", &settings).await;
    let token = key.token(&json!({ "sub": "u1", "exp": in_seconds(60) }));
    let away = eventually("the issuer is away", async || {
        let answer = api.holder(&token).get("/stores").await;
        (answer.status == 503).then_some(answer)
    });
    let away = tokio::time::timeout(Duration::from_secs(15), away)
        .await
        .unwrap();
    assert_eq!(away.json["code"], "login_unavailable");
    assert_eq!(away.header("retry-after"), "5");
    let mine = api.person("acme", "viewer").await;
    assert_eq!(mine.get("/stores").await.status, 200);
}

#[actix_web::test]
async fn a_withdrawn_key_opens_nothing_once_the_keys_are_old() {
    let (old, new) = (Signing::new("k1"), Signing::new("k2"));
    let issuer = Issuer::start(&old).await;
    let api = api_of("oidc_withdrawn", &issuer, "0", "0").await;
    let mine = api.holder(&old.token(&issuer.claims()));
    assert_eq!(mine.get("/stores").await.status, 200);
    *issuer.keys.lock().unwrap() = vec![new];
    assert_eq!(mine.get("/stores").await.status, 401);
}

#[actix_web::test]
async fn what_is_not_the_issuers_own_word_brings_no_keys() {
    let key = Signing::new("k1");
    let issuer = Issuer::start(&key).await;
    let api = api_with("oidc_words", &issuer, "0").await;
    let mine = api.holder(&key.token(&issuer.claims()));
    let keys = format!("{}/keys", issuer.url);
    for instead in [
        json!({ "issuer": "https://evil.example", "jwks_uri": keys }).to_string(),
        "x".to_owned(),
        format!("\"{}\"", "x".repeat(2 * 1024 * 1024)),
    ] {
        *issuer.instead.lock().unwrap() = Some(instead);
        let answer = mine.get("/stores").await;
        assert_eq!(answer.json["code"], "login_unavailable", "{}", answer.text);
    }
    *issuer.instead.lock().unwrap() = None;
    assert_eq!(mine.get("/stores").await.status, 200);
}

#[actix_web::test]
async fn a_token_sees_its_own_tenants_stores_alone_and_its_role_is_not_widened() {
    let key = Signing::new("k1");
    let issuer = Issuer::start(&key).await;
    let api = api_with("oidc_tenants", &issuer, "0").await;
    let other = api.person("other", "operator").await;
    let made = other.post("/stores", json!({ "name": "Theirs" })).await;
    let theirs = format!("/stores/{}", made.json["id"].as_str().unwrap());
    let with = |role: &str| {
        let mut claims = issuer.claims();
        claims["urumi_role"] = json!(role);
        key.token(&claims)
    };
    for role in ["viewer", "operator", "admin"] {
        let mine = api.holder(&with(role));
        assert_eq!(mine.get(&theirs).await.status, 404, "{role}");
        let seen = mine.get("/stores").await;
        assert!(!seen.text.contains("Theirs"), "{role}");
        // Only admins of the platform's own tenant run it.
        assert_eq!(mine.get("/tenants").await.status, 403, "{role}");
        let made = mine.post("/stores", json!({})).await.status;
        assert_eq!(made, if role == "viewer" { 403 } else { 202 }, "{role}");
        let keys = mine.get("/keys").await.status;
        assert_eq!(keys, if role == "admin" { 200 } else { 403 }, "{role}");
    }
    let audit = api
        .holder(&with("operator"))
        .get("/stores/audit/logs")
        .await;
    assert!(audit.text.contains("oidc:u1"), "{}", audit.text);
    assert!(!audit.text.contains(&with("operator")[..20]));
}
