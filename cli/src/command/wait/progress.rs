//! An operation's steps as lines on standard error. A finished step is told once.
//! On a terminal the one at work stands below, counts up and is drawn over; without
//! one, what it waits for is a plain line whenever that changes.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _, stderr};

use rustix::termios::tcgetwinsize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::output::{plain, seconds, text};

/// Back to the line's beginning, and empty it.
const OVER: &str = "\r\x1b[K";
/// Width of a terminal that does not say.
const USUAL: usize = 80;

/// What was told of an operation so far.
#[derive(Debug)]
pub struct Progress {
    told: BTreeSet<String>,
    /// Columns of the terminal, if it is one.
    live: Option<usize>,
    drawn: bool,
}

impl Progress {
    /// On standard error.
    pub fn new() -> Self {
        let live = stderr().is_terminal().then(|| {
            let size = tcgetwinsize(stderr());
            let columns = size.map_or(0, |size| usize::from(size.ws_col));
            if columns == 0 { USUAL } else { columns }
        });
        Self::of(live)
    }

    fn of(live: Option<usize>) -> Self {
        Self {
            told: BTreeSet::new(),
            live,
            drawn: false,
        }
    }

    /// Tell what is new.
    pub fn tell(&mut self, operation: &Value) {
        let now = OffsetDateTime::now_utc();
        // Who cannot be told does not stop the work.
        let _ = stderr().write_all(self.news(operation, now).as_bytes());
    }

    /// Take the line away that counts up.
    pub fn end(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = stderr().write_all(OVER.as_bytes());
        }
    }

    fn news(&mut self, operation: &Value, now: OffsetDateTime) -> String {
        let mut lines = Vec::new();
        let mut doing = None;
        for step in operation["steps"].as_array().into_iter().flatten() {
            let name = text(&step["step"]);
            let key = format!("{}/{}/{name}", step["attempt"], step["run"]);
            let waits = plain(&text(&step["waiting"]["message"]));
            if step["finished_at"].is_string() {
                let took = seconds(&step["duration_ms"]);
                self.once(&mut lines, key, format!("{name:<12} {took:>9}"));
            } else if self.live.is_some() {
                let since = elapsed(&step["started_at"], now);
                doing = Some(format!("{name:<12} {since:>9}  {waits}"));
            } else if !waits.is_empty() {
                self.once(
                    &mut lines,
                    format!("{key}/{waits}"),
                    format!("{name:<12} {waits}"),
                );
            }
        }
        let waits = plain(&text(&operation["waiting"]["message"]));
        if !waits.is_empty() {
            let line = format!("{:<12} {waits}", "waits");
            match self.live {
                Some(_) => doing = Some(line),
                None => self.once(&mut lines, waits, line),
            }
        }
        self.drawing(&lines, doing)
    }

    fn once(&mut self, lines: &mut Vec<String>, key: String, line: String) {
        if self.told.insert(key) {
            lines.push(line);
        }
    }

    fn drawing(&mut self, lines: &[String], doing: Option<String>) -> String {
        let mut drawing = String::new();
        if std::mem::take(&mut self.drawn) {
            drawing.push_str(OVER);
        }
        for line in lines {
            drawing.push_str(line);
            drawing.push('\n');
        }
        if let (Some(columns), Some(doing)) = (self.live, doing) {
            // One that is wider would break into two, and only one is drawn over.
            drawing.extend(doing.trim_end().chars().take(columns.saturating_sub(1)));
            self.drawn = true;
        }
        drawing
    }
}

fn elapsed(since: &Value, now: OffsetDateTime) -> String {
    let since = OffsetDateTime::parse(since.as_str().unwrap_or_default(), &Rfc3339);
    since.map_or_else(
        |_| String::new(),
        |since| format!("{} s", (now - since).whole_seconds().max(0)),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-30 12:00:07 UTC);

    fn operation() -> Value {
        json!({"steps": [
            {"step": "Release", "attempt": 1, "run": 1, "finished_at": "now", "duration_ms": 5000},
            {"step": "Rollout", "attempt": 1, "run": 1, "finished_at": null,
                "started_at": "2026-11-30T12:00:00Z", "waiting": {"message": "0 of 1 pods\u{1b}"}}
        ]})
    }

    #[test]
    fn without_a_terminal_each_line_is_told_once() {
        let mut progress = Progress::of(None);
        let told = progress.news(&operation(), NOW);
        assert_eq!(told, "Release          5.0 s\nRollout      0 of 1 pods \n");
        assert_eq!(progress.news(&operation(), NOW), "");
        let put_off = json!({"waiting": {"message": "a free worker"}, "steps": []});
        let told = progress.news(&put_off, NOW);
        assert_eq!(told, "waits        a free worker\n");
    }

    #[test]
    fn on_a_terminal_the_step_at_work_counts_up_in_one_line() {
        let mut progress = Progress::of(Some(30));
        let first = progress.news(&operation(), NOW);
        assert_eq!(
            first,
            "Release          5.0 s\nRollout            7 s  0 of "
        );
        let second = progress.news(&operation(), NOW + time::Duration::SECOND);
        assert_eq!(second, "\r\u{1b}[KRollout            8 s  0 of ");
        let done = json!({"steps": [
            {"step": "Rollout", "attempt": 1, "run": 1, "finished_at": "now", "duration_ms": 8200}]});
        let last = progress.news(&done, NOW);
        assert_eq!(last, "\r\u{1b}[KRollout          8.2 s\n");
        assert_eq!(progress.news(&done, NOW), "");
    }
}
