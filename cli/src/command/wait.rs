//! Staying until a store is what was asked for, with its steps on the way.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::Client;
use crate::exit::Failed;
use crate::output::text;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// Look until the store has that status; each finished step is a line on
/// standard error.
///
/// # Errors
/// Its failure (exit code 1), or that the time is over (6).
pub async fn until(
    client: &Client,
    id: &str,
    status: &str,
    patience: Duration,
) -> Result<Value, Failed> {
    let begun = Instant::now();
    let mut told = BTreeSet::new();
    let mut ticks = tokio::time::interval(PAUSE);
    loop {
        ticks.tick().await;
        let store = client.get(&format!("/stores/{id}")).await?;
        tell(&store, &mut told);
        let now = text(&store["status"]);
        if now == status {
            return Ok(store);
        }
        if now == "Failed" || now == "DeleteFailed" {
            let failure = &store["failure"];
            return Err(
                Failed::new(format!("{id} is {now}: {}", text(&failure["message"])))
                    .next(text(&failure["next_action"])),
            );
        }
        if begun.elapsed() > patience {
            return Err(Failed::new(format!(
                "{id} is still {now} after {} s",
                patience.as_secs()
            ))
            .code(6)
            .next(format!(
                "it goes on by itself; look again with `urumi store get {id}`"
            )));
        }
    }
}

/// Look until the store's newest operation has ended. A cancelled one has ended
/// as was asked for.
///
/// # Errors
/// Its failure (exit code 1), or that the time is over (6).
pub async fn settled(
    client: &Client,
    mut store: Value,
    patience: Option<Duration>,
) -> Result<Value, Failed> {
    let Some(patience) = patience else {
        return Ok(store);
    };
    let id = text(&store["id"]);
    let begun = Instant::now();
    let mut told = BTreeSet::new();
    let mut ticks = tokio::time::interval(PAUSE);
    loop {
        tell(&store, &mut told);
        let operation = &store["operation"];
        let (kind, now) = (text(&operation["kind"]), text(&operation["status"]));
        if now == "Succeeded" || now == "Cancelled" {
            return Ok(store);
        }
        if now != "Queued" && now != "Running" {
            let failure = &operation["failure"];
            let what = format!("{kind} of {id} is {now}: {}", text(&failure["message"]));
            return Err(Failed::new(what).next(text(&failure["next_action"])));
        }
        if begun.elapsed() > patience {
            let waited = patience.as_secs();
            return Err(
                Failed::new(format!("{kind} of {id} is still {now} after {waited} s"))
                    .code(6)
                    .next(format!(
                        "it goes on by itself; look again with `urumi store get {id}`"
                    )),
            );
        }
        ticks.tick().await;
        store = client.get(&format!("/stores/{id}")).await?;
    }
}

/// A running step counts up, so only finished ones are told, once each.
fn tell(store: &Value, told: &mut BTreeSet<String>) {
    let steps = store["operation"]["steps"].as_array();
    for step in steps.map(Vec::as_slice).unwrap_or_default() {
        let (Some(took), true) = (
            step["duration_ms"].as_u64(),
            step["finished_at"].is_string(),
        ) else {
            continue;
        };
        let took = Duration::from_millis(took).as_secs_f64();
        let line = format!("{:<12} {took:>7.1} s", text(&step["step"]));
        if told.insert(format!("{}/{line}", step["attempt"])) {
            eprintln!("{line}");
        }
    }
}
