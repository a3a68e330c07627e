//! Processes that a test ends besides the programs it started: helm's guards and
//! the helms below them, found by their parents.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// The children of a process, with their command lines.
#[must_use]
pub fn children(parent: i32) -> Vec<(i32, String)> {
    let Ok(folders) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    folders
        .filter_map(|folder| {
            let pid: i32 = folder.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (_, rest) = stat.rsplit_once(") ")?;
            let found: i32 = rest.split_whitespace().nth(1)?.parse().ok()?;
            let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
            (found == parent).then(|| (pid, line.replace('\0', " ")))
        })
        .collect()
}

/// The guards of a worker.
#[must_use]
pub fn guards(worker: i32) -> Vec<i32> {
    let children = children(worker).into_iter();
    children
        .filter(|(_, line)| line.contains("helm-guard"))
        .map(|(pid, _)| pid)
        .collect()
}

/// The helms of a worker.
#[must_use]
pub fn helms(worker: i32) -> Vec<i32> {
    let guards = guards(worker).into_iter();
    guards
        .flat_map(|guard| children(guard).into_iter().map(|(pid, _)| pid))
        .collect()
}

/// Whether it lives; one that nobody buried does not.
#[must_use]
pub fn lives(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .map(|(_, rest)| rest.starts_with('Z'));
    state == Some(false)
}

/// Send a signal; `false` if it is gone.
#[must_use]
pub fn signal(pid: i32, signal: Signal) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| kill_process(pid, signal).is_ok())
}
