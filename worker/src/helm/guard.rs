//! The guard: a small process between worker and helm that owns helm's process
//! group and ends it when its limit passes, when the worker goes away, or when the
//! moment comes until which the worker said that the store is its own. So a lease
//! can be taken over without meeting a living helm, also from a worker that is
//! halted and closes nothing (docs/adr/0004).
//!
//! One thread, std and rustix alone; no runtime, no logging. It is our own binary
//! under a hidden subcommand, and a second one ([`exec`]) becomes helm: between
//! fork and exec it asks the kernel to kill it when the guard dies.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionbio;
use rustix::process::{
    Pid, PidfdFlags, Signal, getppid, kill_process_group, pidfd_open,
    set_parent_process_death_signal,
};

use shared::fault;

use crate::helm::ring::Ring;
use crate::helm::wire::{End, Moment, Reply, Request};

/// The guard's subcommand.
pub const GUARD: &str = "helm-guard";
/// The subcommand that becomes helm.
pub const EXEC: &str = "helm-exec";
/// How late, at most, the guard may act upon a moment that comes.
pub const MARGIN: Duration = Duration::from_secs(1);
/// This very program, even after its file was replaced.
pub const SELF: &str = "/proc/self/exe";

/// Run one request from standard input; the reply goes to standard output.
#[must_use]
pub fn main() -> ExitCode {
    let reply = match serve() {
        Ok(reply) => reply,
        Err(error) => Reply {
            end: End::NotStarted,
            code: None,
            stdout: String::new(),
            stderr: format!("the guard cannot work: {error}"),
        },
    };
    let Ok(text) = serde_json::to_vec(&reply) else {
        return ExitCode::FAILURE;
    };
    // When the worker is gone there is nobody to tell.
    let _ = io::stdout().write_all(&text);
    ExitCode::SUCCESS
}

/// Become the program: `helm-exec <guard's pid> <program> <argument>…`.
#[must_use]
pub fn exec(arguments: &[OsString]) -> ExitCode {
    let [guard, program, arguments @ ..] = arguments else {
        return ExitCode::FAILURE;
    };
    if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
        eprintln!("cannot bind helm to its guard: {error}");
        return ExitCode::FAILURE;
    }
    // The guard may have died before the line above.
    let parent = getppid().map(|pid| pid.as_raw_nonzero().to_string());
    if parent.as_deref().map(OsString::from).as_ref() != Some(guard) {
        return ExitCode::FAILURE;
    }
    #[expect(clippy::disallowed_methods, reason = "helm becomes this process")]
    let error = Command::new(program).args(arguments).exec();
    eprintln!("cannot start `{}`: {error}", program.display());
    ExitCode::from(127)
}

fn serve() -> io::Result<Reply> {
    let lifeline = io::stdin().as_fd().try_clone_to_owned()?;
    let (request, unread) = read_request(&lifeline)?;
    fault::point("guard.helm.before");
    if request.until.left().is_zero() && !fault::without("helm-guard") {
        return Err(io::Error::other("the store was lost before helm began"));
    }
    let child = start(&request)?;
    fault::point("guard.helm.started");
    let reply = Watch::new(child, lifeline, request, unread)?.run();
    fault::point("guard.helm.after");
    reply
}

/// The first line, and what has come after it.
fn read_request(from: &OwnedFd) -> io::Result<(Request, Vec<u8>)> {
    let mut text = Vec::new();
    let mut chunk = [0_u8; 4096];
    loop {
        let read = rustix::io::read(from, &mut chunk)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let before = text.len();
        text.extend_from_slice(&chunk[..read]);
        if let Some(end) = chunk[..read].iter().position(|byte| *byte == b'\n') {
            let unread = text.split_off(before + end + 1);
            let request = serde_json::from_slice(&text).map_err(io::Error::other)?;
            return Ok((request, unread));
        }
    }
}

fn start(request: &Request) -> io::Result<Child> {
    #[expect(clippy::disallowed_methods, reason = "the guard starts helm")]
    let mut command = Command::new(SELF);
    command
        .arg(EXEC)
        .arg(std::process::id().to_string())
        .arg(&request.program)
        .args(&request.args)
        .env_clear()
        .envs(request.env.iter().map(|(key, value)| (key, value)))
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn()
}

/// One running helm.
struct Watch {
    child: Child,
    group: Pid,
    exit: OwnedFd,
    lifeline: Option<OwnedFd>,
    unread: Vec<u8>,
    until: Moment,
    to_write: Vec<u8>,
    stdout: Ring,
    stderr: Ring,
    grace: Duration,
    limit: Instant,
    ending: Option<(End, Instant)>,
}

impl Watch {
    fn new(child: Child, lifeline: OwnedFd, request: Request, unread: Vec<u8>) -> io::Result<Self> {
        let group = Pid::from_child(&child);
        let exit = pidfd_open(group, PidfdFlags::empty())?;
        if let Some(pipe) = &child.stdin {
            ioctl_fionbio(pipe, true)?;
        }
        if let Some(pipe) = &child.stdout {
            ioctl_fionbio(pipe, true)?;
        }
        if let Some(pipe) = &child.stderr {
            ioctl_fionbio(pipe, true)?;
        }
        Ok(Self {
            child,
            group,
            exit,
            lifeline: Some(lifeline),
            unread,
            until: request.until,
            to_write: request.stdin.into_bytes(),
            stdout: Ring::default(),
            stderr: Ring::default(),
            grace: Duration::from_millis(request.grace_ms),
            limit: Instant::now() + Duration::from_millis(request.limit_ms),
            ending: None,
        })
    }

    fn run(mut self) -> io::Result<Reply> {
        loop {
            let woken = self.wait()?;
            self.move_bytes();
            if woken.lifeline {
                self.hear();
            }
            if self.until.left().is_zero() {
                self.begin_ending(End::Abandoned);
            }
            if Instant::now() >= self.limit {
                self.begin_ending(End::Limit);
            }
            if self.ending.is_some_and(|(_, kill)| Instant::now() >= kill) {
                self.signal(Signal::KILL);
            }
            if woken.exit {
                return self.finish();
            }
        }
    }

    /// Until when the store is the worker's now; or that there is no worker.
    fn hear(&mut self) {
        let Some(lifeline) = &self.lifeline else {
            return;
        };
        let mut chunk = [0_u8; 512];
        match rustix::io::read(lifeline, &mut chunk) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(0) | Err(_) => {
                self.lifeline = None;
                self.begin_ending(End::Abandoned);
            }
            Ok(read) => self.unread.extend_from_slice(&chunk[..read]),
        }
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            if let Ok(until) = serde_json::from_slice(&line) {
                self.until = until;
            }
        }
    }

    /// Until something happens or the next moment in time comes.
    fn wait(&self) -> io::Result<Woken> {
        let until = |moment: Instant| moment.saturating_duration_since(Instant::now());
        let left = match self.ending {
            // After KILL was sent only the exit is waited for, a tenth of a second at a time.
            Some((_, kill)) => until(kill).max(Duration::from_millis(100)),
            None => until(self.limit)
                .min(self.until.left())
                .max(Duration::from_millis(1)),
        };
        let mut fds = vec![PollFd::new(&self.exit, PollFlags::IN)];
        if let Some(lifeline) = &self.lifeline {
            fds.push(PollFd::new(lifeline, PollFlags::IN));
        }
        let pipes: [Option<BorrowedFd<'_>>; 2] = [
            self.child.stdout.as_ref().map(AsFd::as_fd),
            self.child.stderr.as_ref().map(AsFd::as_fd),
        ];
        for pipe in pipes.iter().flatten() {
            fds.push(PollFd::new(pipe, PollFlags::IN));
        }
        if let Some(pipe) = &self.child.stdin {
            fds.push(PollFd::new(pipe, PollFlags::OUT));
        }
        let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let happened = |fd: &PollFd<'_>| !fd.revents().is_empty();
        Ok(Woken {
            exit: happened(&fds[0]),
            lifeline: self.lifeline.is_some() && happened(&fds[1]),
        })
    }

    /// Values in, output out, as far as it goes without waiting.
    fn move_bytes(&mut self) {
        if let Some(pipe) = &mut self.child.stdin {
            match pipe.write(&self.to_write) {
                Ok(written) => {
                    self.to_write.drain(..written);
                    if self.to_write.is_empty() {
                        self.child.stdin = None;
                    }
                }
                Err(error) if is_later(&error) => {}
                Err(_) => self.child.stdin = None,
            }
        }
        drain(&mut self.child.stdout, &mut self.stdout);
        drain(&mut self.child.stderr, &mut self.stderr);
    }

    fn begin_ending(&mut self, why: End) {
        if self.ending.is_none() && !fault::without("helm-guard") {
            self.ending = Some((why, Instant::now() + self.grace));
            self.signal(Signal::TERM);
        }
    }

    fn signal(&self, signal: Signal) {
        // It may be gone already.
        let _ = kill_process_group(self.group, signal);
    }

    /// The leader is a zombie still, so its group's number is not yet anybody
    /// else's: end what it left behind, then bury it.
    fn finish(mut self) -> io::Result<Reply> {
        self.signal(Signal::KILL);
        self.move_bytes();
        let status = self.child.wait()?;
        let mut stderr = self.stderr.into_text();
        if let Some(signal) = status.signal() {
            stderr.push_str(&format!("\nended by signal {signal}"));
        }
        Ok(Reply {
            end: self.ending.map_or(End::Exited, |(why, _)| why),
            code: status.code(),
            stdout: self.stdout.into_text(),
            stderr,
        })
    }
}

#[derive(Debug, Clone, Copy)]
struct Woken {
    exit: bool,
    lifeline: bool,
}

fn drain(pipe: &mut Option<impl Read>, into: &mut Ring) {
    let mut chunk = [0_u8; 8192];
    while let Some(open) = pipe {
        match open.read(&mut chunk) {
            Ok(0) => *pipe = None,
            Ok(read) => into.push(&chunk[..read]),
            Err(error) if is_later(&error) => return,
            Err(_) => *pipe = None,
        }
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
