//! How a command can end: one line what, one line what to do, one number.

use std::process::ExitCode;

/// Shown at the end of `--help`.
pub const HELP: &str = "\
Exit codes: 0 done · 1 failed · 2 wrong use · 3 not found · 4 not allowed · 5 conflict ·
            6 timed out · 130 interrupted

Examples:
  urumi store create \"My Shop\" --wait
  urumi store list
  urumi store update store-k7q2mx --plan medium --wait
  urumi store delete store-k7q2mx --wait
  urumi login --server https://urumi.example.com < key.txt
  urumi key create ci --role operator --days 90
  urumi completion bash >/etc/bash_completion.d/urumi";

/// A command that did not reach its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Failed {
    /// Exit code.
    pub code: u8,
    /// What happened.
    pub what: String,
    /// What to do, where we know.
    pub next: Option<String>,
}

impl Failed {
    /// An end with exit code 1.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            code: 1,
            what: what.into(),
            next: None,
        }
    }

    /// The same with another exit code.
    #[must_use]
    pub fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

/// Say it on standard error.
pub fn report(failed: &Failed) -> ExitCode {
    eprintln!("error: {}", failed.what);
    if let Some(next) = &failed.next {
        eprintln!("  → {next}");
    }
    ExitCode::from(failed.code)
}
