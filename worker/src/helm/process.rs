//! Running helm under its guard, from the worker's side.
//!
//! Dropping a run, or its token, closes the guard's input; the guard then ends
//! helm's whole process group. Values go in by a pipe; the environment is made
//! here from nothing.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use shared::fault;
use shared::wait::pause;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::helm::guard;
use crate::helm::wire::{End, Reply, Request};

/// Between two looks at a helm that runs.
const BEAT: Duration = Duration::from_millis(250);

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
    /// limit passes or the token is cancelled. It is over when this returns.
    ///
    /// # Errors
    /// [`HelmError`]; an exit code that is not zero is no error here.
    pub async fn run(
        &self,
        args: Vec<String>,
        stdin: String,
        cancel: &CancellationToken,
    ) -> Result<Reply, HelmError> {
        let request = Request {
            program: self.program.display().to_string(),
            args,
            env: self.env.clone(),
            stdin,
            limit_ms: u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX),
            grace_ms: u64::try_from(self.grace.as_millis()).unwrap_or(u64::MAX),
        };
        let mut line = serde_json::to_vec(&request).map_err(HelmError::Reply)?;
        line.push(b'\n');
        fault::point("worker.helm.before");
        let bound = self.limit + self.grace + Duration::from_secs(5);
        let reply = timeout(bound, self.talk(&line, cancel))
            .await
            .map_err(HelmError::Overdue)?
            .map_err(HelmError::Guard)?;
        fault::point("worker.helm.after");
        let reply: Reply = serde_json::from_slice(&reply).map_err(HelmError::Reply)?;
        match reply.end {
            End::NotStarted => Err(HelmError::Guard(std::io::Error::other(reply.stderr))),
            End::Exited | End::Limit | End::Abandoned => Ok(reply),
        }
    }

    async fn talk(&self, line: &[u8], cancel: &CancellationToken) -> std::io::Result<Vec<u8>> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place for it")]
        let mut child = tokio::process::Command::new(&self.guard)
            .arg(guard::GUARD)
            // A Ctrl-C in a terminal is for the worker; helm is to end in order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let (Some(mut lifeline), Some(mut answer)) = (child.stdin.take(), child.stdout.take())
        else {
            return Err(std::io::Error::other("the guard has no pipes"));
        };
        lifeline.write_all(line).await?;
        let mut reply = Vec::new();
        let read = answer.read_to_end(&mut reply);
        tokio::pin!(read);
        loop {
            tokio::select! {
                read = &mut read => {
                    read?;
                    break;
                }
                () = cancel.cancelled() => {
                    drop(lifeline);
                    read.await?;
                    break;
                }
                _ = pause(BEAT, cancel) => fault::point("worker.helm.running"),
            }
        }
        child.wait().await?;
        Ok(reply)
    }
}
