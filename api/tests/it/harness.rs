//! One running api for one test, with its own database and virtual host, a
//! client, and a stand-in for the worker's side of the wire.

pub mod document;
pub mod person;
pub mod program;
pub mod proxy;
pub mod receiver;
pub mod servers;
pub mod watcher;
pub mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::rt::System;
use api::server::Server;
use api::settings::Settings;
use reqwest::{Method, Response};
use serde_json::Value;
use shared::wait::pause;
use tokio_util::sync::CancellationToken;

pub use proxy::Proxy;
use servers::Servers;
pub use worker::Worker;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running api.
pub struct TestApi {
    pub address: String,
    pub servers: Arc<Servers>,
    pub client: reqwest::Client,
    settings: BTreeMap<String, String>,
    stop: CancellationToken,
    running: Option<JoinHandle<()>>,
}

impl TestApi {
    /// Start it with settings of its own.
    pub async fn with(name: &str, settings: &[(&str, &str)]) -> Self {
        let servers = Arc::new(Servers::prepare(name).await);
        let mut variables = BTreeMap::from([
            ("DATABASE_URL".to_owned(), servers.database_url.clone()),
            ("AMQP_URL".to_owned(), servers.amqp_url.clone()),
            ("URUMI_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("URUMI_DATABASE_CONNECTIONS".to_owned(), "4".to_owned()),
            ("URUMI_RETRY_BASE_MS".to_owned(), "50".to_owned()),
            ("URUMI_RETRY_MAX_MS".to_owned(), "200".to_owned()),
        ]);
        variables.extend(
            settings
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
        );
        let mut api = Self {
            address: String::new(),
            servers,
            client: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
            settings: variables,
            stop: CancellationToken::new(),
            running: None,
        };
        api.run();
        api
    }

    /// A second one on the same servers.
    pub fn beside(&self) -> Self {
        let mut api = Self {
            address: String::new(),
            servers: Arc::clone(&self.servers),
            client: self.client.clone(),
            settings: self.settings.clone(),
            stop: CancellationToken::new(),
            running: None,
        };
        api.run();
        api
    }

    /// Start (again) on a fresh port, in a thread and a runtime of its own.
    pub fn run(&mut self) {
        let server = Server::bind(Settings::load_from(&self.settings).unwrap()).unwrap();
        self.address = server.address().unwrap().to_string();
        self.stop = CancellationToken::new();
        let stop = self.stop.clone();
        let thread = std::thread::spawn(move || System::new().block_on(server.run(stop)).unwrap());
        self.running = Some(thread);
    }

    /// Another setting from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    /// Stop in order.
    pub fn halt(&mut self) {
        self.stop.cancel();
        if let Some(running) = self.running.take() {
            running.join().unwrap();
        }
    }

    /// Start it, and wait until all of it works.
    pub async fn ready(name: &str) -> Self {
        Self::ready_with(name, &[]).await
    }

    /// The same, with settings of its own.
    pub async fn ready_with(name: &str, settings: &[(&str, &str)]) -> Self {
        let api = Self::with(name, settings).await;
        api.until_ready().await;
        api
    }

    pub async fn until_ready(&self) {
        eventually("the api is ready", async || {
            let answer = self.get("/readyz").await;
            (answer.status == 200 && answer.json["degraded"] == false).then_some(())
        })
        .await;
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(
            self.request(Method::POST, path)
                .json(&body)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        let request = self.request(Method::PATCH, path).json(&body);
        Answer::of(request.send().await.unwrap()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path).send().await.unwrap()).await
    }

    /// A fresh store's id.
    pub async fn a_store(&self) -> String {
        let answer = self.post("/stores", serde_json::json!({})).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.json["id"].as_str().unwrap().to_owned()
    }

    /// A fresh store that is Ready.
    pub async fn a_ready_store(&self, worker: &mut Worker) -> String {
        let id = self.a_store().await;
        let create = worker.command().await;
        worker.make(&create).await;
        self.store_with(&id, "Ready").await;
        id
    }

    /// The store, once it has that status.
    pub async fn store_with(&self, id: &str, status: &str) -> Value {
        eventually(&format!("{id} is {status}"), async || {
            let store = self.get(&format!("/stores/{id}")).await.json;
            (store["status"] == status).then_some(store)
        })
        .await
    }

    /// `action outcome` of a store's audit, in order.
    pub async fn audit_of(&self, id: &str) -> Vec<String> {
        let page = self
            .get(&format!("/stores/audit/logs?limit=200&store_id={id}"))
            .await;
        let items = page.json["items"].as_array().unwrap().clone();
        let line = |item: &Value| {
            format!(
                "{} {}",
                item["action"].as_str().unwrap(),
                item["outcome"].as_str().unwrap()
            )
        };
        items.iter().map(line).collect()
    }
}

impl Drop for TestApi {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(running) = self.running.take() {
            let _ = running.join();
        }
    }
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Answer {
    pub async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let path = response.url().path().to_owned();
        let text = response.text().await.unwrap();
        // Whatever a test asks for: no answer is one that the contract does not know.
        let kind = headers
            .get("content-type")
            .map_or("", |kind| kind.to_str().unwrap());
        if let Some(strange) = document::strange(&path, status, kind, &text) {
            panic!("the contract knows no such answer: {strange}");
        }
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self {
            status,
            headers,
            text,
            json,
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Wait for a condition, with a deadline.
pub async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let began = Instant::now();
    let never = CancellationToken::new();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "waited {PATIENCE:?} in vain: {what}"
        );
        pause(Duration::from_millis(20), &never).await;
    }
}
