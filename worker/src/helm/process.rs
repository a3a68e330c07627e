//! Running helm under its guard, from the worker's side.
//!
//! Dropping a run, or its token, closes the guard's input; the guard then ends
//! helm's whole process group. It does so, too, when the moment passes until which
//! the store is ours, whatever has become of us. Values go in by a pipe; the
//! environment is made here from nothing.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use shared::fault;
use shared::wait::pause;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::helm::guard;
use crate::helm::stderr;
use crate::helm::wire::{End, Moment, Reply, Request};
use crate::metrics::METRICS;

/// Between two looks at a helm that runs.
const BEAT: Duration = Duration::from_millis(250);
/// Of helm's last words in the log.
const WORDS: usize = 600;

/// How helm is run.
#[derive(Debug, Clone)]
pub struct Helm {
    /// The program that knows the guard's subcommand: ourselves.
    pub guard: PathBuf,
    /// helm.
    pub program: PathBuf,
    /// Its whole environment.
    pub env: Vec<(String, String)>,
    /// Its hard limit.
    pub limit: Duration,
    /// From TERM to KILL.
    pub grace: Duration,
}

/// For how long helm may run: while a store is ours.
#[derive(Debug, Clone)]
pub struct Leash {
    /// Cancelled when it no longer is.
    pub lost: CancellationToken,
    /// It no longer is from this moment on, which a renewal moves.
    pub ends: watch::Receiver<Instant>,
}

/// helm could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum HelmError {
    /// The guard did not start or was lost.
    #[error("helm's guard could not be used")]
    Guard(#[source] std::io::Error),
    /// The guard's answer makes no sense.
    #[error("helm's guard gave no readable answer")]
    Reply(#[source] serde_json::Error),
    /// The guard is overdue; the closed pipe ends it and helm.
    #[error("helm's guard did not answer in time")]
    Overdue(#[source] tokio::time::error::Elapsed),
}

impl Helm {
    /// Run helm with these arguments and this standard input, until it ends, its
    /// limit passes or the store is lost. It is over when this returns.
    ///
    /// # Errors
    /// [`HelmError`]; an exit code that is not zero is no error here.
    pub async fn run(
        &self,
        args: Vec<String>,
        stdin: String,
        leash: Leash,
    ) -> Result<Reply, HelmError> {
        // The values are not in the arguments, and so not in the span.
        let verb = args.first().cloned().unwrap_or_default();
        let span = tracing::debug_span!(
            "helm",
            otel.name = format!("helm {verb}"),
            otel.status_code = Empty,
            helm.command = verb.as_str(),
            process.exit.code = Empty,
        );
        let begun = Instant::now();
        let ran = self.guarded(args, stdin, leash).instrument(span.clone());
        let ran = ran.await;
        METRICS.helm(&verb, outcome(&ran), begun.elapsed());
        match &ran {
            Ok(Reply {
                end: End::Exited,
                code: Some(0),
                ..
            }) => {}
            Ok(_) | Err(_) => {
                span.record("otel.status_code", "ERROR");
            }
        }
        if let Ok(Reply {
            code: Some(code), ..
        }) = &ran
        {
            span.record("process.exit.code", code);
        }
        say(&verb, &ran, begun.elapsed());
        ran
    }

    async fn guarded(
        &self,
        args: Vec<String>,
        stdin: String,
        leash: Leash,
    ) -> Result<Reply, HelmError> {
        fault::point("worker.helm.before");
        let request = Request {
            program: self.program.display().to_string(),
            args,
            env: self.env.clone(),
            stdin,
            limit_ms: u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX),
            grace_ms: u64::try_from(self.grace.as_millis()).unwrap_or(u64::MAX),
            until: Moment::of(*leash.ends.borrow()),
        };
        let mut line = serde_json::to_vec(&request).map_err(HelmError::Reply)?;
        line.push(b'\n');
        let bound = self.limit + self.grace + Duration::from_secs(5);
        let mut guard = self.guard().map_err(HelmError::Guard)?;
        let talked = timeout(bound, talk(&mut guard, &line, leash)).await;
        if talked.is_err() {
            // A guard that is halted ends nothing, but helm dies with it.
            let _ = guard.start_kill();
        }
        let reply = talked
            .map_err(HelmError::Overdue)?
            .map_err(HelmError::Guard)?;
        fault::point("worker.helm.after");
        let reply: Reply = serde_json::from_slice(&reply).map_err(HelmError::Reply)?;
        match reply.end {
            End::NotStarted => Err(HelmError::Guard(std::io::Error::other(reply.stderr))),
            End::Exited | End::Limit | End::Abandoned => Ok(reply),
        }
    }

    fn guard(&self) -> std::io::Result<Child> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place for it")]
        let mut command = tokio::process::Command::new(&self.guard);
        command
            .arg(guard::GUARD)
            // A Ctrl-C in a terminal is for the worker; helm is to end in order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
    }
}

/// How a run ended, in a word.
fn outcome(ran: &Result<Reply, HelmError>) -> &'static str {
    match ran {
        Ok(reply) => match (reply.end, reply.code) {
            (End::Exited, Some(0)) => "succeeded",
            (End::Exited | End::NotStarted, _) => "failed",
            (End::Limit, _) => "limit",
            (End::Abandoned, _) => "abandoned",
        },
        Err(_) => "guard",
    }
}

/// In the log of the store that it ran for. What helm wrote to its standard output
/// holds the store's values and is not repeated.
fn say(verb: &str, ran: &Result<Reply, HelmError>, took: Duration) {
    let (code, words) = match ran {
        Ok(reply) => (reply.code, stderr::tail(&reply.stderr, WORDS)),
        Err(error) => (None, shared::telemetry::chain(error)),
    };
    tracing::info!(
        helm.command = verb,
        outcome = outcome(ran),
        process.exit.code = code,
        elapsed_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        words,
        "helm ended"
    );
}

/// Give the guard its request, tell it of each renewal, and read its reply.
async fn talk(guard: &mut Child, line: &[u8], leash: Leash) -> std::io::Result<Vec<u8>> {
    let (Some(mut lifeline), Some(mut answer)) = (guard.stdin.take(), guard.stdout.take()) else {
        return Err(std::io::Error::other("the guard has no pipes"));
    };
    lifeline.write_all(line).await?;
    let mut ends = *leash.ends.borrow();
    let mut reply = Vec::new();
    let read = answer.read_to_end(&mut reply);
    tokio::pin!(read);
    loop {
        tokio::select! {
            read = &mut read => {
                read?;
                break;
            }
            () = leash.lost.cancelled() => {
                drop(lifeline);
                read.await?;
                break;
            }
            _ = pause(BEAT, &leash.lost) => {
                fault::point("worker.helm.running");
                let now = *leash.ends.borrow();
                if now != ends {
                    ends = now;
                    let word = format!("{}\n", serde_json::to_string(&Moment::of(now))?);
                    // A guard that has gone has nothing to hear; its reply ends this.
                    let _ = lifeline.write_all(word.as_bytes()).await;
                }
            }
        }
    }
    guard.wait().await?;
    Ok(reply)
}
