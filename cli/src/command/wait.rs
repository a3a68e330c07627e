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

fn tell(store: &Value, told: &mut BTreeSet<String>) {
    for step in store["operation"]["steps"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        let Some(took) = step["duration_ms"].as_u64() else {
            continue;
        };
        let line = format!(
            "{:<12} {:>7.1} s",
            text(&step["step"]),
            Duration::from_millis(took).as_secs_f64()
        );
        if told.insert(line.clone()) {
            eprintln!("{line}");
        }
    }
}
