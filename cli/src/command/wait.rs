//! Staying until something has ended, with its steps on the way. Whoever stops
//! waiting stops nothing else, and is told so.

mod look;
mod progress;

use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::client::Client;
use crate::command::wait::look::{Look, became, done, ended};
use crate::command::wait::progress::Progress;
use crate::exit::Failed;
use crate::output::text;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Of a program ended by Ctrl-C, as shells count it.
const INTERRUPTED: u8 = 130;
const TIMED_OUT: u8 = 6;
/// Also a patience of 0 s has the time for one look.
const ONE_LOOK: Duration = Duration::from_secs(1);

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
/// Its failure, or that it is removed instead (exit code 1), that the time is over (6),
/// Ctrl-C (130).
pub async fn store_is(
    client: &Client,
    id: &str,
    status: &str,
    patience: &Patience,
) -> Result<Value, Failed> {
    let path = format!("/stores/{id}");
    let rule = |store: &Value| became(store, status);
    patience
        .bounds(&path, async |seen| seen.until(client, rule).await)
        .await
}

/// Stay until what was asked for in this answer about a store has ended; the store
/// afterwards. Where nothing was begun, that is so already.
///
/// # Errors
/// As [`store_is`]; and that somebody cancelled it.
pub async fn store_settled(
    client: &Client,
    store: Value,
    patience: &Patience,
) -> Result<Value, Failed> {
    let operation = &store["operation"];
    if !matches!(ended(operation), Look::Still(_)) {
        return Ok(store);
    }
    let path = format!("/operations/{}", text(&operation["id"]));
    let settled = async |seen: &mut Seen| {
        seen.until(client, done).await?;
        client.get(&format!("/stores/{}", text(&store["id"]))).await
    };
    patience.bounds(&path, settled).await
}

/// Stay until that operation has ended. A cancelled one has ended as was asked for.
///
/// # Errors
/// As [`store_is`].
pub async fn operation_ended(
    client: &Client,
    id: Uuid,
    patience: &Patience,
) -> Result<Value, Failed> {
    let path = format!("/operations/{id}");
    patience
        .bounds(&path, async |seen| seen.until(client, ended).await)
        .await
}

/// What a wait has seen so far.
struct Seen {
    path: String,
    progress: Progress,
    still: String,
    again: String,
}

impl Seen {
    fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            progress: Progress::new(),
            still: format!("{path} is still unanswered"),
            again: resuming(path, None),
        }
    }

    /// Look there until the rule says that it has ended.
    async fn until(
        &mut self,
        client: &Client,
        rule: impl Fn(&Value) -> Look,
    ) -> Result<Value, Failed> {
        let mut ticks = tokio::time::interval(PAUSE);
        loop {
            ticks.tick().await;
            let found = client.get(&self.path).await?;
            let operation = if found["steps"].is_array() {
                &found
            } else {
                &found["operation"]
            };
            self.again = resuming(&self.path, operation["id"].as_str());
            self.progress.tell(operation);
            match rule(&found) {
                Look::Ended => return Ok(found),
                Look::Failed(failed) => return Err(failed),
                Look::Still(what) => self.still = what,
            }
        }
    }

    /// The end of a wait whose work goes on.
    fn over(&self, what: &str, code: u8) -> Failed {
        Failed::new(what).code(code).next(&self.again)
    }
}

impl Patience {
    /// That work about a path, until the time is over or Ctrl-C, also while an answer
    /// does not come.
    async fn bounds(
        &self,
        path: &str,
        work: impl AsyncFnOnce(&mut Seen) -> Result<Value, Failed>,
    ) -> Result<Value, Failed> {
        let mut seen = Seen::new(path);
        let time = Duration::from_secs(self.timeout).max(ONE_LOOK);
        let never = CancellationToken::new();
        let ended = tokio::select! {
            // From its first poll on Ctrl-C ends nothing by itself, so it is polled all
            // the while, and first.
            biased;
            Ok(()) = tokio::signal::ctrl_c() => Err(seen.over("no longer waiting", INTERRUPTED)),
            ended = work(&mut seen) => ended,
            _ = shared::wait::pause(time, &never) => {
                let what = format!("{} after {} s", seen.still, self.timeout);
                Err(seen.over(&what, TIMED_OUT))
            }
        };
        seen.progress.end();
        ended
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
    use super::*;

    #[test]
    fn who_stops_is_told_how_to_go_on() {
        let told = resuming("/stores/store-k7q2mx", Some("01a2"));
        assert!(told.contains("`urumi operation watch 01a2`"), "{told}");
        assert!(told.contains("`urumi store get store-k7q2mx`"), "{told}");
        let told = resuming("/operations/01a2", None);
        assert!(told.contains("`urumi operation get 01a2`"), "{told}");
    }
}
