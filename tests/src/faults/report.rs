//! What the tests print: a line for each case, and the sums that the acceptance
//! asks for. The last line is the one that tests/run.sh counts.

use std::time::Duration;

use crate::faults::case::{CONVERGENCE, Outcome};
use crate::faults::check::Wrong;
use crate::faults::sweep::Swept;

/// One case, as soon as it is over; `again` if it is to be played once more.
pub fn line(outcome: &Outcome, again: bool) {
    let case = outcome.case;
    let verdict = match outcome {
        _ if outcome.findings.is_empty() => "ok",
        _ if again => "again",
        _ => "FAILED",
    };
    println!(
        "{verdict:6} {:6} {:40} converged {:>6} took {:.1} s",
        case.road.wish.as_str(),
        case.point,
        outcome.convergence.map_or("-".to_owned(), seconds),
        outcome.took.as_secs_f64()
    );
    for finding in &outcome.findings {
        println!("         {finding}");
    }
}

/// The sums of a sweep; whether it is clean.
#[must_use]
pub fn sums(name: &str, swept: &Swept, took: Duration) -> bool {
    let outcomes = &swept.outcomes;
    let hit = outcomes.iter().filter(|outcome| outcome.hit).count();
    println!(
        "\n{} cases in {:.0} s: points hit {hit}, not hit {}, {}",
        outcomes.len(),
        took.as_secs_f64(),
        outcomes.len() - hit,
        counts(outcomes),
    );
    let mut times: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| Some((outcome.convergence?, outcome.case)))
        .collect();
    times.sort_by_key(|(time, _)| *time);
    if let (Some((median, _)), Some((slowest, case))) = (times.get(times.len() / 2), times.last()) {
        println!(
            "convergence after the restart: median {}, slowest {} ({}, {}); at most {}",
            seconds(*median),
            seconds(*slowest),
            case.point,
            case.road.wish.as_str(),
            seconds(CONVERGENCE),
        );
    }
    for point in &swept.unlisted {
        println!("FAILED {point}");
    }
    let bad = outcomes
        .iter()
        .filter(|outcome| !outcome.findings.is_empty())
        .count();
    let bad = bad + swept.unlisted.len();
    println!(
        "{name}: {} passed, {bad} failed, 0 skipped",
        outcomes.len().saturating_sub(bad)
    );
    bad == 0 && !outcomes.is_empty()
}

fn counts(outcomes: &[Outcome]) -> String {
    let kinds = [
        Wrong::Lost,
        Wrong::Doubled,
        Wrong::Stuck,
        Wrong::Orphan,
        Wrong::Audit,
        Wrong::State,
        Wrong::Slow,
        Wrong::Error,
    ];
    let findings = || outcomes.iter().flat_map(|outcome| &outcome.findings);
    kinds
        .map(|kind| {
            let count = findings().filter(|finding| finding.wrong == kind).count();
            format!("{count} {}", kind.as_str())
        })
        .join(", ")
}

/// `1.2 s`.
#[must_use]
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
