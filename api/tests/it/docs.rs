//! The examples of docs/API.md, run by a shell against a real api in local mode.
//! The page's ids stand for things that are made before each example.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use shared::contract::command::Command as StoreCommand;
use shared::contract::envelope::Envelope;
use shared::contract::observation::ObservationBody;
use shared::failure::FailureCode;
use tokio::process::Command;

use crate::docs_page::{Example, PAGE, Shown, differences, examples};
use crate::harness::worker::failed;
use crate::harness::{TestApi, Worker, eventually};
use crate::observer::Eyes;
use crate::reconciliation::seen;

const STORE: &str = "store-k7q2mx";
const ID: &str = "01a20997-9d2d-77ab-bb7c-ac19d4fcd2e0";
const MESSAGE: &str = "01a20997-9d2d-77ab-bb7c-ac19d4fcd2e1";
const HOOK: &str = "https://example.com/hooks/urumi";
/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:9/hooks/urumi";
const KEY: &str = "urumi_k7q2mxbc49_x";

/// Of login links.
const SEED: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// curl, with its answer kept: headers and body, each call in a folder of its own.
/// What is followed for ever is left after a while.
const CURL: &str = r#"#!/bin/sh
call="$CALLS/$(ls "$CALLS" | wc -l)"
mkdir "$call"
most=20
for word in "$@"; do case $word in -N | -*N) most=3 ;; esac; done
PATH=$REAL_PATH curl --silent --show-error --max-time $most --dump-header "$call/head" "$@" >"$call/body"
rc=$?
cat "$call/body"
if [ $most = 3 ] && [ $rc = 28 ]; then exit 0; fi
exit $rc
"#;

#[actix_web::test]
async fn every_example_of_docs_api_md_gives_what_the_page_shows() {
    let settings = [
        ("URUMI_RECONCILIATION_MAX_SHARE_PERCENT", "100"),
        // Most of what the examples ask for is never done.
        ("URUMI_COMMANDS_IN_FLIGHT", "1000"),
        ("URUMI_WEBHOOK_ALLOW_LOOPBACK", "true"),
        ("URUMI_LOGIN_SIGNING_KEY", SEED),
    ];
    let api = TestApi::ready_with("docs_examples", &settings).await;
    let mut stage = Stage::new(&api).await;
    let (mut wrong, all) = (Vec::new(), examples(PAGE));
    assert!(all.len() > 20, "only {} examples were found", all.len());
    for example in &all {
        if let Err(why) = stage.play(example).await {
            wrong.push(format!(
                "docs/API.md, line {}: {why}\n{}",
                example.line, example.commands
            ));
        }
    }
    std::fs::remove_dir_all(&stage.folder).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Where examples are played.
struct Stage<'a> {
    api: &'a TestApi,
    worker: Worker,
    eyes: Eyes,
    key: String,
    folder: PathBuf,
}

impl<'a> Stage<'a> {
    async fn new(api: &'a TestApi) -> Self {
        let folder = std::env::temp_dir().join(format!("urumi-docs-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        let curl = folder.join("bin/curl");
        std::fs::write(&curl, CURL).unwrap();
        std::fs::set_permissions(&curl, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let key = api
            .post("/keys", json!({ "name": "docs", "role": "admin" }))
            .await;
        Self {
            api,
            worker: Worker::of(api).await,
            eyes: Eyes::of(api),
            key: key.json["key"].as_str().unwrap().to_owned(),
            folder,
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the shell of whoever follows the page"
    )]
    async fn play(&mut self, example: &Example) -> Result<(), String> {
        let mut commands = example
            .commands
            .replace("localhost:3000", &self.api.address)
            .replace(KEY, &self.key)
            .replace(HOOK, NOBODY);
        if example.given == "dead letter" {
            self.thing("dead-letters").await;
        } else if commands.contains(STORE) || !example.given.is_empty() {
            let store = self.store(&example.given).await;
            commands = commands.replace(STORE, &store);
        }
        if commands.contains(ID) {
            let of = commands
                .split(ID)
                .next()
                .and_then(|before| before.trim_end_matches('/').rsplit('/').next());
            let id = self.thing(of.unwrap_or_default()).await;
            commands = commands.replace(ID, &id);
            if commands.contains(MESSAGE) {
                commands = commands.replace(MESSAGE, &self.message(&id).await);
            }
        }
        let calls = self.folder.join("calls");
        let _ = std::fs::remove_dir_all(&calls);
        std::fs::create_dir(&calls).map_err(told)?;
        // The kept curl stands before the real one.
        let bin = self.folder.join("bin");
        let paths = format!("export REAL_PATH=$PATH PATH={}:$PATH", bin.display());
        let output = Command::new("bash")
            .args(["-euc", &format!("{paths}\n{commands}")])
            .current_dir(&self.folder)
            .env("CALLS", &calls)
            .env("URUMI_API_KEY", &self.key)
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(told)?;
        if !output.status.success() {
            return Err(format!(
                "the shell ended with {}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        compare(example, &calls)
    }

    /// A store as the example wants it: Queued, unless it says otherwise.
    async fn store(&mut self, given: &str) -> String {
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
                panic!("docs/API.md wants a store that is `{other}`, which this test cannot make")
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

    /// The command about that store; those of examples before are nobody's.
    async fn command_for(&mut self, store: &str) -> Envelope<StoreCommand> {
        loop {
            let command = self.worker.command().await;
            if command.store_id.as_str() == store {
                return command;
            }
        }
    }

    /// The id of a message to that webhook.
    async fn message(&self, webhook: &str) -> String {
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
    async fn thing(&self, kind: &str) -> String {
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
                panic!("docs/API.md names the id of one of `{other}`, which this test cannot make")
            }
        };
        id.as_str().unwrap().to_owned()
    }
}

fn served(chart: &str) -> shared::contract::event::EventBody {
    shared::contract::event::EventBody::Ready {
        revision: 2,
        chart: format!("store-{chart}"),
        images: Default::default(),
    }
}

fn told(error: std::io::Error) -> String {
    error.to_string()
}

/// What was answered against what the page shows; where it shows nothing, it has
/// to be granted.
fn compare(example: &Example, calls: &Path) -> Result<(), String> {
    let count = std::fs::read_dir(calls).map_err(told)?.count();
    if !example.shown.is_empty() && example.shown.len() != count {
        return Err(format!(
            "the page shows {} answers to {count} calls",
            example.shown.len()
        ));
    }
    for call in 0..count {
        let folder = calls.join(call.to_string());
        let head = std::fs::read_to_string(folder.join("head")).map_err(told)?;
        let body = std::fs::read_to_string(folder.join("body")).map_err(told)?;
        // With `-i` the head stands before the body.
        let body = body.strip_prefix(head.as_str()).unwrap_or(&body);
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse::<u16>().ok());
        let status = status.ok_or("no answer")?;
        match example.shown.get(call) {
            Some(shown) => as_shown(shown, status, &head, body)?,
            None if status < 400 => {}
            None => return Err(format!("it was answered with {status}: {body}")),
        }
    }
    Ok(())
}

fn as_shown(shown: &Shown, status: u16, head: &str, body: &str) -> Result<(), String> {
    if status != shown.status {
        return Err(format!(
            "the page shows {}, and it was {status}: {body}",
            shown.status
        ));
    }
    for (name, value) in &shown.headers {
        let found = head.lines().find_map(|line| {
            let (given, found) = line.split_once(':')?;
            given
                .eq_ignore_ascii_case(name)
                .then(|| found.trim().to_owned())
        });
        let found = found.ok_or(format!("the answer has no header {name}"))?;
        // Ids differ from time to time, their place does not.
        let shape = |text: &str| -> String {
            text.chars()
                .take_while(|letter| !letter.is_ascii_digit())
                .take(8)
                .collect()
        };
        if shape(&found) != shape(value) {
            return Err(format!("{name} is `{found}`, and the page shows `{value}`"));
        }
    }
    let Some(shown) = &shown.body else {
        return Ok(());
    };
    let found: Value = serde_json::from_str(body).map_err(|_| format!("no JSON: {body}"))?;
    match differences(shown, &found, "") {
        none if none.is_empty() => Ok(()),
        differences => Err(format!("{}\n{body}", differences.join("\n"))),
    }
}
