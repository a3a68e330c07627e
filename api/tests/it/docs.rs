//! The examples of docs/API.md, run by a shell against a real api in local mode.
//! The page's ids stand for things that are made before each example.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::docs_page::{Example, PAGE, Shown, differences, examples};
use crate::harness::TestApi;
use crate::makers::{Makers, NOBODY, SETTINGS};

const STORE: &str = "store-k7q2mx";
const ID: &str = "01a20997-9d2d-77ab-bb7c-ac19d4fcd2e0";
const MESSAGE: &str = "01a20997-9d2d-77ab-bb7c-ac19d4fcd2e1";
const HOOK: &str = "https://example.com/hooks/urumi";
const KEY: &str = "urumi_k7q2mxbc49_x";

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
    let api = TestApi::ready_with("docs_examples", &SETTINGS).await;
    crate::stores_inside::answer_all(&api).await;
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
    makers: Makers<'a>,
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
            makers: Makers::of(api).await,
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
            self.makers.thing("dead-letters").await;
        } else if commands.contains(STORE) || !example.given.is_empty() {
            let store = self.makers.store(&example.given).await;
            commands = commands.replace(STORE, &store);
        }
        if commands.contains(ID) {
            let of = commands
                .split(ID)
                .next()
                .and_then(|before| before.trim_end_matches('/').rsplit('/').next());
            let id = self.makers.thing(of.unwrap_or_default()).await;
            commands = commands.replace(ID, &id);
            if commands.contains(MESSAGE) {
                commands = commands.replace(MESSAGE, &self.makers.message(&id).await);
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
