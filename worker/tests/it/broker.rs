//! A virtual host of the test's own, and the api's side of the conversation:
//! publish commands, read events.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use lapin::options::{BasicAckOptions, BasicGetOptions};
use secrecy::SecretString;
use serde::Serialize;
use shared::amqp::topology::{COMMANDS, CONTROL, EVENTS, Queue};
use shared::amqp::{Inbound, Outgoing, Publisher, connect};
use shared::contract::command::Command;
use shared::contract::control::{Control, StopReason};
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::ids::{Generation, MessageId, StoreId};
use url::Url;

use crate::harness::{until, variable};

pub struct Broker {
    pub url: SecretString,
    vhost: String,
    publisher: Publisher,
    events: tokio::sync::Mutex<Inbound>,
}

impl Broker {
    /// A fresh virtual host, with the topology declared.
    pub async fn start() -> Self {
        let name = format!("t-{}", uuid::Uuid::now_v7().simple());
        let management = Url::parse(&variable("TEST_AMQP_MANAGEMENT_URL")).unwrap();
        let mut url = Url::parse(&variable("TEST_AMQP_URL")).unwrap();
        let user = management.username().to_owned();
        let everything = r#"{"configure":".*","write":".*","read":".*"}"#;
        put(&management, &format!("api/vhosts/{name}"), "{}").await;
        put(
            &management,
            &format!("api/permissions/{name}/{user}"),
            everything,
        )
        .await;
        url.set_path(&name);
        let url = SecretString::from(url.to_string());
        let events = Inbound::open(&url, "test-events", EVENTS, 100)
            .await
            .unwrap();
        Self {
            publisher: Publisher::new(url.clone(), "test"),
            events: tokio::sync::Mutex::new(events),
            vhost: name,
            url,
        }
    }

    pub async fn command(&self, command: &Envelope<Command>) {
        self.publish(COMMANDS, &command.encode().unwrap()).await;
    }

    pub async fn control(&self, store: &StoreId, generation: i64, like: &Envelope<Command>) {
        self.stop(store, generation, like, false).await;
    }

    /// The same for a create that was cancelled before the store was ever ready.
    pub async fn clear(&self, store: &StoreId, generation: i64, like: &Envelope<Command>) {
        self.stop(store, generation, like, true).await;
    }

    async fn stop(&self, store: &StoreId, generation: i64, like: &Envelope<Command>, clear: bool) {
        let body = Control {
            reason: StopReason::Cancelled,
            clear,
            logins_since: None,
        };
        let message = Envelope {
            store_id: store.clone(),
            generation: Generation(generation),
            ..around(like, body)
        };
        self.publish(CONTROL, &message.encode().unwrap()).await;
    }

    pub async fn publish(&self, queue: Queue, payload: &[u8]) {
        let message = Outgoing {
            routing_key: queue.routing_key,
            id: MessageId::new(),
            payload: payload.to_vec(),
            traceparent: None,
        };
        self.publisher.publish(&message).await.unwrap();
    }

    /// The next event, of any store.
    pub async fn event(&self, within: Duration) -> Option<Envelope<EventBody>> {
        let mut events = self.events.lock().await;
        let next = tokio::time::timeout(within, events.consumer.next()).await;
        let delivery = next.ok()?.unwrap().unwrap();
        delivery
            .acker
            .ack(BasicAckOptions::default())
            .await
            .unwrap();
        Some(Envelope::decode(&delivery.data).unwrap())
    }

    /// All events until one that settles; panics with them if none comes.
    pub async fn until_settled(&self, within: Duration) -> Vec<EventBody> {
        let all = self.until(within, |event| event.settles()).await;
        all.into_iter().map(|event| event.body).collect()
    }

    pub async fn until(
        &self,
        within: Duration,
        is_it: impl Fn(&EventBody) -> bool,
    ) -> Vec<Envelope<EventBody>> {
        let deadline = Instant::now() + within;
        let mut all = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(event) = self.event(left).await else {
                panic!("the awaited event did not come within {within:?}: {all:#?}")
            };
            let found = is_it(&event.body);
            all.push(event);
            if found {
                return all;
            }
        }
    }

    /// Close all connections of this virtual host whose name begins so, as a
    /// restarted broker would.
    pub async fn break_connections(&self, prefix: &str) {
        let management = Url::parse(&variable("TEST_AMQP_MANAGEMENT_URL")).unwrap();
        let path = format!("api/vhosts/{}/connections", self.vhost);
        // The management API learns of connections with a delay.
        let found = tokio::sync::Mutex::new(Vec::new());
        until(
            "the connections are listed",
            Duration::from_secs(20),
            async || {
                let request = request(&management, reqwest::Method::GET, &path);
                let text = request.send().await.unwrap().text().await.unwrap();
                let list: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
                let ours = list.iter().filter(|connection| {
                    let name = connection["client_properties"]["connection_name"].as_str();
                    name.is_some_and(|name| name.starts_with(prefix))
                });
                let names = ours.map(|connection| connection["name"].as_str().unwrap().to_owned());
                *found.lock().await = names.collect();
                found.lock().await.len() >= 3
            },
        )
        .await;
        for name in found.into_inner() {
            let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
            let path = format!("api/connections/{}", name.replace('+', "%20"));
            let request = request(&management, reqwest::Method::DELETE, &path);
            assert!(request.send().await.unwrap().status().is_success());
        }
    }

    /// How many messages lie in a queue of that name.
    pub async fn waiting_in(&self, queue: &str) -> u32 {
        let connection = connect(&self.url, "test-look").await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let got = channel
            .basic_get(queue.into(), BasicGetOptions::default())
            .await
            .unwrap();
        let count = got.map_or(0, |message| message.message_count + 1);
        connection.close(200, "looked".into()).await.unwrap();
        count
    }
}

/// Removes the virtual host, also after a failed test: a broker that keeps them
/// all runs out of memory. Synchronous, since nothing else is in a drop.
impl Drop for Broker {
    fn drop(&mut self) {
        let management = Url::parse(&variable("TEST_AMQP_MANAGEMENT_URL")).unwrap();
        let _ = remove(&management, &self.vhost);
    }
}

fn remove(management: &Url, vhost: &str) -> std::io::Result<()> {
    use base64::Engine as _;
    use std::io::{Read as _, Write as _};
    let user = format!(
        "{}:{}",
        management.username(),
        management.password().unwrap_or_default()
    );
    let user = base64::engine::general_purpose::STANDARD.encode(user);
    let address = management.socket_addrs(|| None)?;
    let mut stream = std::net::TcpStream::connect(address.as_slice())?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "DELETE /api/vhosts/{vhost} HTTP/1.1\r\nHost: broker\r\nAuthorization: Basic {user}\r\nConnection: close\r\n\r\n"
    )?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

fn around<T: Serialize>(like: &Envelope<Command>, body: T) -> Envelope<T> {
    like.reply(MessageId::new(), like.sent_at, body)
}

async fn put(management: &Url, path: &str, body: &'static str) {
    let request = request(management, reqwest::Method::PUT, path).body(body);
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}

/// A request to the management API, with its user and password.
fn request(management: &Url, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
    let (user, password) = (management.username(), management.password());
    let mut url = management.join(path).unwrap();
    url.set_username("").unwrap();
    url.set_password(None).unwrap();
    reqwest::Client::new()
        .request(method, url)
        .basic_auth(user, password)
        .header("content-type", "application/json")
}
