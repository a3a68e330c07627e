//! What worker and guard say to each other: one request line on the guard's
//! standard input, one reply on its standard output. The open end of the input
//! is the worker's sign of life.

use serde::{Deserialize, Serialize};

/// One program to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Path or name.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment.
    pub env: Vec<(String, String)>,
    /// What it reads on its standard input.
    pub stdin: String,
    /// After this it is ended.
    pub limit_ms: u64,
    /// From TERM to KILL.
    pub grace_ms: u64,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// By itself.
    Exited,
    /// The limit passed.
    Limit,
    /// The worker went away or gave up.
    Abandoned,
    /// It could not be started.
    NotStarted,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// How it ended.
    pub end: End,
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The last part of its standard output.
    pub stdout: String,
    /// The last part of its standard error.
    pub stderr: String,
}
