//! Staying until something has ended, with its steps on the way. Whoever stops
//! waiting stops nothing else, and is told so.

mod progress;

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;
use uuid::Uuid;

use crate::client::Client;
use crate::command::wait::progress::Progress;
use crate::exit::Failed;
use crate::output::text;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Of a program ended by Ctrl-C, as shells count it.
const INTERRUPTED: u8 = 130;
const TIMED_OUT: u8 = 6;

/// Whether to stay until the work is done.
#[derive(Debug, Args)]
pub struct Wait {
    /// Stay until it is done; its steps go to standard error.
    #[arg(long)]
    wait: bool,
    /// How long to stay, in seconds.
    #[arg(long, default_value_t = 600, requires = "wait")]
    timeout: u64,
}

/// How long to stay.
#[derive(Debug, Args)]
pub struct Patience {
    /// How long to stay, in seconds.
    #[arg(long, default_value_t = 600)]
    timeout: u64,
}

impl Wait {
    /// How long, if at all.
    pub fn patience(&self) -> Option<Patience> {
        let timeout = self.timeout;
        self.wait.then_some(Patience { timeout })
    }
}

/// Stay until the store has that status.
///
/// # Errors
/// Its failure (exit code 1), that the time is over (6), Ctrl-C (130).
pub async fn store_is(
    client: &Client,
    id: &str,
    status: &str,
    patience: &Patience,
) -> Result<Value, Failed> {
    let path = format!("/stores/{id}");
    look(client, &path, patience, |store| {
        let now = text(&store["status"]);
        if now == status {
            return Look::Ended;
        }
        if now == "Failed" || now == "DeleteFailed" {
            return Look::Failed(format!("{id} is {now}"), store["failure"].clone());
        }
        Look::Still(format!("{id} is still {now}"))
    })
    .await
}

/// Stay until the store's newest operation has ended. A cancelled one has ended as
/// was asked for.
///
/// # Errors
/// As [`store_is`].
pub async fn store_settled(
    client: &Client,
    id: &str,
    patience: &Patience,
) -> Result<Value, Failed> {
    let path = format!("/stores/{id}");
    look(client, &path, patience, |store| ended(&store["operation"])).await
}

/// Stay until that operation has ended.
///
/// # Errors
/// As [`store_is`].
pub async fn operation_ended(
    client: &Client,
    id: Uuid,
    patience: &Patience,
) -> Result<Value, Failed> {
    look(client, &format!("/operations/{id}"), patience, ended).await
}

/// What one look has shown.
#[derive(Debug, PartialEq)]
enum Look {
    Ended,
    Still(String),
    Failed(String, Value),
}

fn ended(operation: &Value) -> Look {
    let (kind, now) = (text(&operation["kind"]), text(&operation["status"]));
    let of = format!("{kind} of {}", text(&operation["store_id"]));
    match now.as_str() {
        "Succeeded" | "Cancelled" => Look::Ended,
        "Queued" | "Running" => Look::Still(format!("{of} is still {now}")),
        _ => Look::Failed(format!("{of} is {now}"), operation["failure"].clone()),
    }
}

async fn look(
    client: &Client,
    path: &str,
    patience: &Patience,
    rule: impl Fn(&Value) -> Look,
) -> Result<Value, Failed> {
    let mut progress = Progress::new();
    let ended = look_until(client, path, patience, rule, &mut progress).await;
    progress.end();
    ended
}

async fn look_until(
    client: &Client,
    path: &str,
    patience: &Patience,
    rule: impl Fn(&Value) -> Look,
    progress: &mut Progress,
) -> Result<Value, Failed> {
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(PAUSE);
    let mut again = resuming(path, None);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = tokio::signal::ctrl_c() => {
                return Err(Failed::new("no longer waiting").code(INTERRUPTED).next(again));
            }
        }
        let found = client.get(path).await?;
        let operation = if found["steps"].is_array() {
            &found
        } else {
            &found["operation"]
        };
        again = resuming(path, operation["id"].as_str());
        progress.tell(operation);
        match rule(&found) {
            Look::Ended => return Ok(found),
            Look::Failed(what, failure) => {
                let (code, message) = (text(&failure["code"]), text(&failure["message"]));
                return Err(Failed::new(format!("{what}: {code}: {message}"))
                    .next(text(&failure["next_action"])));
            }
            Look::Still(what) if begun.elapsed() > Duration::from_secs(patience.timeout) => {
                let what = format!("{what} after {} s", patience.timeout);
                return Err(Failed::new(what).code(TIMED_OUT).next(again));
            }
            Look::Still(_) => {}
        }
    }
}

/// How to go on waiting, and how to look.
fn resuming(path: &str, operation: Option<&str>) -> String {
    let look = path.trim_start_matches('/').replacen("s/", " get ", 1);
    match operation {
        Some(id) => format!(
            "it goes on by itself; wait again with `urumi operation watch {id}`, look with `urumi {look}`"
        ),
        None => format!("it goes on by itself; look with `urumi {look}`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_ends_well_badly_or_not_yet() {
        let of = |status: &str| {
            ended(
                &json!({"kind": "Update", "store_id": "s", "status": status, "failure": {"code": "X"}}),
            )
        };
        assert_eq!(of("Succeeded"), Look::Ended);
        assert_eq!(of("Cancelled"), Look::Ended);
        assert_eq!(
            of("Queued"),
            Look::Still("Update of s is still Queued".into())
        );
        let failure = json!({"code": "X"});
        assert_eq!(
            of("Failed"),
            Look::Failed("Update of s is Failed".into(), failure)
        );
    }

    #[test]
    fn who_stops_is_told_how_to_go_on() {
        let told = resuming("/stores/store-k7q2mx", Some("01a2"));
        assert!(told.contains("`urumi operation watch 01a2`"), "{told}");
        assert!(told.contains("`urumi store get store-k7q2mx`"), "{told}");
        let told = resuming("/operations/01a2", None);
        assert!(told.contains("`urumi operation get 01a2`"), "{told}");
    }
}
