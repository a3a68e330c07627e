//! A program that is started again when it ends, as Kubernetes would do, and the
//! signals that a test sends it.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::faults::patience::until;

/// Before a program that ended by itself is started again.
const AGAIN: Duration = Duration::from_millis(500);

/// How a program is started.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub name: String,
    /// One build of it, or two that take turns.
    pub builds: Vec<Build>,
    pub argument: &'static str,
    pub log: PathBuf,
}

/// A build of a program, and what it is told.
#[derive(Debug, Clone)]
pub struct Build {
    pub program: PathBuf,
    pub variables: Vec<(String, String)>,
}

/// One end of a program that nobody ordered in words.
#[derive(Debug, Clone)]
pub struct Death {
    /// When it was started again.
    pub restarted: Instant,
    /// `signal 9`, `exit 1`.
    pub how: String,
}

/// What the supervisor is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Run,
    /// Let it lie when it has ended.
    Rest,
    /// End it in order.
    End,
}

/// A supervised program.
#[derive(Debug)]
pub struct Program {
    pub name: String,
    pid: watch::Receiver<Option<i32>>,
    wish: watch::Sender<Wish>,
    deaths: Arc<Mutex<Vec<Death>>>,
    supervisor: JoinHandle<()>,
}

impl Program {
    /// Start it, and go on doing so.
    #[must_use]
    pub fn start(recipe: Recipe) -> Self {
        let (wish, wishes) = watch::channel(Wish::Run);
        let (told, pid) = watch::channel(None);
        let deaths = Arc::<Mutex<Vec<Death>>>::default();
        let name = recipe.name.clone();
        let supervisor = tokio::spawn(supervise(recipe, wishes, told, Arc::clone(&deaths)));
        Self {
            name,
            pid,
            wish,
            deaths,
            supervisor,
        }
    }

    /// The process, while there is one.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        *self.pid.borrow()
    }

    /// Send a signal; `false` if nothing runs.
    #[must_use]
    pub fn signal(&self, signal: Signal) -> bool {
        let pid = self.pid().and_then(Pid::from_raw);
        pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
    }

    /// Kill it and leave it lying until [`Self::rise`].
    ///
    /// # Errors
    /// If it does not die.
    pub async fn fell(&self) -> Result<()> {
        self.wish.send_replace(Wish::Rest);
        until(
            "a killed program is gone",
            Duration::from_secs(10),
            async || {
                if self.pid().is_some() {
                    let _ = self.signal(Signal::KILL);
                }
                self.pid().is_none().then_some(())
            },
        )
        .await
    }

    /// Start it again after [`Self::fell`].
    pub fn rise(&self) {
        self.wish.send_replace(Wish::Run);
    }

    /// Every end so far.
    #[must_use]
    pub fn deaths(&self) -> Vec<Death> {
        self.deaths
            .lock()
            .map(|deaths| deaths.clone())
            .unwrap_or_default()
    }

    /// End it in order (TERM, then KILL), and for good.
    ///
    /// # Errors
    /// If the supervisor was lost.
    pub async fn end(self) -> Result<()> {
        self.wish.send_replace(Wish::End);
        // A halted program hears of its end only when it goes on.
        let _ = self.signal(Signal::CONT);
        self.supervisor.await.context("a supervisor was lost")
    }
}

async fn supervise(
    recipe: Recipe,
    mut wishes: watch::Receiver<Wish>,
    told: watch::Sender<Option<i32>>,
    deaths: Arc<Mutex<Vec<Death>>>,
) {
    let mut builds = recipe.builds.iter().cycle();
    loop {
        let wish = *wishes.borrow_and_update();
        match wish {
            Wish::End => return,
            Wish::Rest => {
                if wishes.changed().await.is_err() {
                    return;
                }
                continue;
            }
            Wish::Run => {}
        }
        let Some(build) = builds.next() else {
            return;
        };
        let mut child = match start(&recipe, build) {
            Ok(child) => child,
            Err(error) => {
                eprintln!("{}: {error:#}", recipe.name);
                return;
            }
        };
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        told.send_replace(pid);
        let how = loop {
            tokio::select! {
                ended = child.wait() => break describe(ended.ok()),
                changed = wishes.changed() => {
                    if changed.is_err() || *wishes.borrow() == Wish::End {
                        told.send_replace(None);
                        end(child).await;
                        return;
                    }
                }
            }
        };
        told.send_replace(None);
        // One that ends by itself at once would be started without end.
        if how.starts_with("exit") {
            tokio::time::sleep(AGAIN).await;
        }
        let restarted = Instant::now();
        if let Ok(mut deaths) = deaths.lock() {
            deaths.push(Death { restarted, how });
        }
    }
}

fn start(recipe: &Recipe, build: &Build) -> Result<Child> {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&recipe.log)
        .context("opening a log")?;
    let mut command = Command::new(&build.program);
    command
        .arg(recipe.argument)
        .env_clear()
        .envs(build.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true);
    command
        .spawn()
        .with_context(|| format!("starting {}", build.program.display()))
}

fn describe(status: Option<std::process::ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match status {
        Some(status) => match (status.signal(), status.code()) {
            (Some(signal), _) => format!("signal {signal}"),
            (None, Some(code)) => format!("exit {code}"),
            (None, None) => "an end without a word".to_owned(),
        },
        None => "an end that nobody saw".to_owned(),
    }
}

async fn end(mut child: Child) {
    if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed())) {
        let _ = kill_process(pid, Signal::TERM);
    }
    let patience = Duration::from_secs(15);
    if tokio::time::timeout(patience, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}
