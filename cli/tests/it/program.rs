//! `urumi` as a process, which finds nothing of whoever runs the tests.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::server::Server;

/// How it ended and what it said.
pub struct Ended {
    /// None where a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// One run of it, with an empty folder for what it keeps.
pub struct Program {
    child: Child,
    home: PathBuf,
}

impl Program {
    /// Start it with these words against that server.
    pub fn start(server: &Server, words: &[&str]) -> Self {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let home = std::env::temp_dir().join(format!("urumi-it-{}-{run}", std::process::id()));
        let child = Command::new(env!("CARGO_BIN_EXE_urumi"))
            .args(words)
            .args(["--server", &server.address])
            .env_clear()
            .env("XDG_CONFIG_HOME", &home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { child, home }
    }

    /// Say that to it, if it asks.
    pub fn told(mut self, input: &str) -> Self {
        let mut stdin = self.child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        self
    }

    /// Press Ctrl-C.
    pub fn interrupt(&self) {
        let mut kill = Command::new("kill");
        let sent = kill.args(["-INT", &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Stay until it has ended; and whether it keeps a login.
    pub fn end(self) -> (Ended, bool) {
        let Self { child, home } = self;
        let output = child.wait_with_output().unwrap();
        let keeps = home.join("urumi/contexts.json").exists();
        let _ = std::fs::remove_dir_all(home);
        let ended = Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        (ended, keeps)
    }
}

/// A whole run of it.
pub fn run(server: &Server, words: &[&str]) -> Ended {
    Program::start(server, words).end().0
}
