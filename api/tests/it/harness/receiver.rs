//! A real HTTP server on loopback that webhooks are sent to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::eventually;

/// A message that came.
#[derive(Debug, Clone)]
pub struct Came {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: String,
}

impl Came {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether one of its signatures is made with that secret, as a receiver checks.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let text = format!("{}.{}.{}", self.id, self.timestamp, self.body);
        self.signature.split(' ').any(|signature| {
            let tag = STANDARD
                .decode(signature.strip_prefix("v1,").unwrap())
                .unwrap();
            hmac::verify(&key, text.as_bytes(), &tag).is_ok()
        })
    }
}

#[derive(Debug, Default)]
struct Script {
    came: Vec<Came>,
    answers: VecDeque<u16>,
}

/// The server.
#[derive(Debug)]
pub struct Receiver {
    script: Arc<Mutex<Script>>,
    port: u16,
    handle: ServerHandle,
}

async fn take(request: HttpRequest, body: Bytes, script: Data<Arc<Mutex<Script>>>) -> HttpResponse {
    let header = |name: &str| {
        let value = request.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    let mut script = script.lock().unwrap();
    script.came.push(Came {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let status = script.answers.pop_front().unwrap_or(200);
    let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap());
    if status == 302 {
        answer.insert_header(("location", "/elsewhere"));
    }
    answer.finish()
}

impl Receiver {
    /// Answers these statuses one after the other, and 200 then.
    pub fn answering(answers: &[u16]) -> Self {
        let script = Arc::new(Mutex::new(Script {
            came: Vec::new(),
            answers: answers.iter().copied().collect(),
        }));
        let shared = Data::new(Arc::clone(&script));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .default_service(web::to(take))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let port = server.addrs()[0].port();
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        Self {
            script,
            port,
            handle,
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks?token=hidden", self.port)
    }

    pub fn came(&self) -> Vec<Came> {
        self.script.lock().unwrap().came.clone()
    }

    /// The first so many, once they came.
    pub async fn first(&self, count: usize) -> Vec<Came> {
        eventually(&format!("{count} messages came"), async || {
            let came = self.came();
            (came.len() >= count).then_some(came)
        })
        .await
    }

    pub async fn close(self) {
        self.handle.stop(false).await;
    }
}
