//! Makes what a request is about: a store in some state, a webhook, a dead letter, …
//! in local mode, the worker's and the observer's sides played.

use serde_json::json;
use shared::contract::command::Command as StoreCommand;
use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::contract::observation::ObservationBody;
use shared::failure::FailureCode;

use crate::harness::worker::failed;
use crate::harness::{TestApi, Worker, eventually};
use crate::observer::Eyes;
use crate::reconciliation::seen;

/// Where nobody listens.
pub const NOBODY: &str = "http://127.0.0.1:9/hooks/urumi";

/// What the api needs so that all of it can be made.
pub const SETTINGS: [(&str, &str); 4] = [
    ("URUMI_RECONCILIATION_MAX_SHARE_PERCENT", "100"),
    // Most of what is asked for is never done.
    ("URUMI_COMMANDS_IN_FLIGHT", "1000"),
    ("URUMI_WEBHOOK_ALLOW_LOOPBACK", "true"),
    (
        "URUMI_LOGIN_SIGNING_KEY",
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
    ),
];

/// Both sides of the wire.
pub struct Makers<'a> {
    api: &'a TestApi,
    worker: Worker,
    eyes: Eyes,
}

impl<'a> Makers<'a> {
    pub async fn of(api: &'a TestApi) -> Self {
        Self {
            api,
            worker: Worker::of(api).await,
            eyes: Eyes::of(api),
        }
    }

    /// A store as it is wanted: Queued, unless it says otherwise.
    pub async fn store(&mut self, given: &str) -> String {
        if given == "namespace without record" {
            let stray = shared::ids::StoreId::random().to_string();
            let namespaces = vec![seen(&stray, Some("local"), 1)];
            let body = ObservationBody::Inventory {
                complete: true,
                namespaces,
            };
            self.eyes.say("local", 1, body).await;
            let report = eventually("the inventory is kept", async || {
                let report = self.api.get("/reconciliation").await;
                report.text.contains(&stray).then_some(report.json)
            });
            assert!(report.await["refusal"].is_null());
            return stray;
        }
        let id = self.api.a_store().await;
        let create = self.command_for(&id).await;
        match given {
            "" | "queued" => return id,
            "failed" => {
                self.worker
                    .say(&create, failed(FailureCode::ImageInvalid, true))
                    .await;
                self.api.store_with(&id, "Failed").await;
                return id;
            }
            _ => {
                self.worker.make(&create).await;
                self.api.store_with(&id, "Ready").await;
            }
        }
        let (path, body, after) = match given {
            "ready" => return id,
            "suspended" => ("suspend", json!({}), "Suspended"),
            "upgraded" => ("upgrade", json!({ "chart": "0.2.0" }), "Ready"),
            other => {
                panic!("no test can make a store that is `{other}`")
            }
        };
        let asked = self.api.post(&format!("/stores/{id}/{path}"), body).await;
        assert_eq!(asked.status, 202, "{}", asked.text);
        let command = self.command_for(&id).await;
        self.worker
            .say(
                &command,
                served(
                    &given
                        .replace("suspended", "0.1.0")
                        .replace("upgraded", "0.2.0"),
                ),
            )
            .await;
        self.api.store_with(&id, after).await;
        id
    }

    /// The command about that store; those of others are nobody's.
    async fn command_for(&mut self, store: &str) -> Envelope<StoreCommand> {
        loop {
            let command = self.worker.command().await;
            if command.store_id.as_str() == store {
                return command;
            }
        }
    }

    /// The id of a message to that webhook.
    pub async fn message(&self, webhook: &str) -> String {
        self.api.a_store().await;
        eventually("a message to the webhook", async || {
            let log = self
                .api
                .get(&format!("/webhooks/{webhook}/deliveries"))
                .await;
            log.json["items"][0]["id"].as_str().map(str::to_owned)
        })
        .await
    }

    /// The id of a fresh thing of that kind.
    pub async fn thing(&self, kind: &str) -> String {
        let id = match kind {
            "operations" => {
                let store = self.api.post("/stores", json!({})).await.json;
                store["operation"]["id"].clone()
            }
            "keys" => self
                .api
                .post("/keys", json!({ "name": "old", "role": "viewer" }))
                .await
                .json["id"]
                .clone(),
            "tenants" => {
                let name = format!("t{}", uuid::Uuid::now_v7().simple());
                self.api
                    .post("/tenants", json!({ "name": name }))
                    .await
                    .json["id"]
                    .clone()
            }
            "webhooks" => {
                let hook = json!({ "url": NOBODY });
                self.api.post("/webhooks", hook).await.json["id"].clone()
            }
            "dead-letters" => {
                self.worker.send(b"{\"v\":99}".to_vec()).await;
                eventually("a dead letter", async || {
                    let page = self.api.get("/dead-letters").await.json;
                    page["items"].get(0).map(|item| item["id"].clone())
                })
                .await
            }
            other => {
                panic!("no test can make one of `{other}`")
            }
        };
        id.as_str().unwrap().to_owned()
    }
}

fn served(chart: &str) -> EventBody {
    EventBody::Ready {
        revision: 2,
        chart: format!("store-{chart}"),
        images: [("wordpress".to_owned(), "wordpress:7.1".to_owned())].into(),
    }
}
