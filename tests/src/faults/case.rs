//! One case: a wish is made, a process is ended at a named point on its way and
//! started again, and everything must come out as if nothing had been.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;

use crate::faults::bait::Baits;
use crate::faults::check::{Expected, Finding, Findings, Wrong, check};
use crate::faults::own::{HELD, Own};
use crate::faults::patience::{LOOK, until};
use crate::faults::release::Part;
use crate::faults::road::Road;
use crate::faults::store::Wish;

/// From the restart to the end of the operation: as long as a dead worker's lease
/// may hold, and ten seconds.
pub const CONVERGENCE: Duration = HELD.saturating_add(Duration::from_secs(10));
/// An api of 0.1.0 holds its claim on what it publishes for 15 s instead of 5.
const LONGER_CLAIM: Duration = Duration::from_secs(10);
/// What is slower than this is no chance, and is not played again.
const CHANCE: Duration = Duration::from_secs(26);
/// Between two looks at the fuse: the next bait must lie before it is passed.
const GLANCE: Duration = Duration::from_millis(5);
/// What an operation may take with everything that is done to it.
const PATIENCE: Duration = Duration::from_secs(90);
/// A point behind the operation's end is passed this soon.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// Who passes a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Api,
    Worker,
}

/// A point on the way of a wish.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub point: &'static str,
    pub road: Road,
    pub who: Who,
    /// It was played before, and only slow.
    pub again: bool,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub case: Case,
    pub hit: bool,
    /// From the restart to the operation's end.
    pub convergence: Option<Duration>,
    pub took: Duration,
    pub findings: Vec<Finding>,
}

impl Outcome {
    /// Whether nothing is wrong but its time, for the first time and by little: the
    /// machine may have had other things to do. (In the short form, which runs
    /// beside whatever else a machine does; the long one plays nothing again.)
    #[must_use]
    pub fn may_be_chance(&self) -> bool {
        let slow = |finding: &Finding| finding.wrong == Wrong::Slow;
        let by_little = self.convergence.is_none_or(|took| took <= CHANCE);
        let only_slow = !self.findings.is_empty() && self.findings.iter().all(slow);
        !self.case.again && by_little && only_slow
    }
}

/// The store that a row of cases is about.
#[derive(Debug, Clone)]
pub struct Subject {
    pub name: String,
    pub id: String,
}

/// Make the wish; the store's id.
///
/// # Errors
/// If the api refuses it or does not answer.
pub async fn ask(own: &Own, wish: Wish, subject: &mut Subject) -> Result<()> {
    let key = format!("{} {}", subject.name, wish.as_str());
    match wish {
        Wish::Create => subject.id = own.create(&subject.name, &key).await?,
        Wish::Update => own.update(&subject.id, "medium", &key).await?,
        Wish::Delete => own.delete(&subject.id).await?,
    }
    Ok(())
}

/// Do a wish to its end, undisturbed.
///
/// # Errors
/// If it does not come to its goal.
pub async fn undisturbed(
    own: &Own,
    wish: Wish,
    subject: &mut Subject,
    expected: &mut Expected,
) -> Result<()> {
    ask(own, wish, subject).await?;
    expected.insert(subject.id.clone(), wish.goal());
    own.until_ended(&subject.id, wish, PATIENCE).await?;
    // The store and its operation are read one after the other.
    let reached = async || {
        let store = own.store(&subject.id).await?;
        (store["status"] == wish.goal()).then_some(())
    };
    let what = format!("an undisturbed {} reaches its goal", wish.as_str());
    until(&what, AFTERWARDS, reached).await
}

/// Run a case.
///
/// # Errors
/// If the platform cannot be looked at.
pub async fn run(
    own: &Own,
    case: Case,
    subject: &mut Subject,
    expected: &mut Expected,
) -> Result<Outcome> {
    let begun = Instant::now();
    let mut findings = Findings::default();
    let dead_before: Vec<usize> = own.programs().map(|one| one.deaths().len()).collect();
    let wish = case.road.wish;
    let mut baits = Baits::lay(own, case.road, case.point, &subject.id).await?;
    let mut ended = None;
    match ask(own, wish, subject).await {
        Ok(()) => {
            expected.insert(subject.id.clone(), wish.goal());
            let last;
            (ended, last) = watch(own, &mut baits, wish, &subject.id).await?;
            if ended.is_none() {
                findings.add(
                    Wrong::Stuck,
                    format!("not ended after {PATIENCE:?}: {last}"),
                );
            }
        }
        Err(error) => findings.add(Wrong::Error, format!("{error:#}")),
    }
    let fired = baits.fired;
    let hit = baits.take_away(own).await?;
    if !hit {
        findings.add(Wrong::NotHit, "the point was not passed");
    }
    let straight = case.road.before.is_none();
    let restarted = deaths(own, case.who, straight, &dead_before, &mut findings);
    let convergence = restarted
        .or(fired)
        .zip(ended)
        .map(|(from, to)| to.saturating_duration_since(from));
    let before = own.servers.before.as_ref();
    let claimed = case.point.ends_with(".publish.before")
        && before.is_some_and(|before| before.part == Part::Api);
    let limit = CONVERGENCE
        + if claimed {
            LONGER_CLAIM
        } else {
            Duration::ZERO
        };
    if convergence.is_some_and(|took| took > limit) {
        findings.add(
            Wrong::Slow,
            format!("converged after {convergence:?} instead of {limit:?}"),
        );
    }
    own.until_ready().await?;
    findings.0.extend(check(own, expected).await?);
    Ok(Outcome {
        case,
        hit,
        convergence,
        took: begun.elapsed(),
        findings: findings.0,
    })
}

/// Look until the operation has ended and the point was passed; what was seen last.
async fn watch(
    own: &Own,
    baits: &mut Baits,
    wish: Wish,
    id: &str,
) -> Result<(Option<Instant>, Value)> {
    let begun = Instant::now();
    let mut ended: Option<Instant> = None;
    let mut last = Value::Null;
    loop {
        let looked = Instant::now();
        while looked.elapsed() < LOOK {
            baits.glance(own, id).await?;
            tokio::time::sleep(GLANCE).await;
        }
        if ended.is_none()
            && let Some(store) = own.store(id).await
        {
            if is_over(&store, wish) {
                ended = Some(Instant::now());
            }
            last = store;
        }
        let enough = match ended {
            Some(ended) => baits.fired.is_some() || ended.elapsed() > AFTERWARDS,
            None => begun.elapsed() > PATIENCE,
        };
        if enough {
            return Ok((ended, last));
        }
    }
}

fn is_over(store: &Value, wish: Wish) -> bool {
    let operation = &store["operation"];
    let kind = operation["kind"].as_str().unwrap_or_default();
    let status = operation["status"].as_str().unwrap_or("Queued");
    kind.eq_ignore_ascii_case(wish.as_str()) && !matches!(status, "Queued" | "Running")
}

/// Only the one that was meant has ended, by our signal; when it was started
/// again. The guard is nobody's program: the worker goes on without it.
fn deaths(
    own: &Own,
    who: Who,
    straight: bool,
    before: &[usize],
    findings: &mut Findings,
) -> Option<Instant> {
    let mut restarted = None;
    for (program, before) in own.programs().zip(before) {
        for death in program.deaths().iter().skip(*before) {
            let meant = match who {
                Who::Api => program.name == "api",
                Who::Worker => program.name.starts_with("worker"),
            };
            let ours = death.how == "signal 9" && (meant || !straight);
            if ours && meant {
                restarted = Some(death.restarted);
            }
            if !ours {
                let what = format!("{} ended: {}", program.name, death.how);
                findings.add(Wrong::Error, what);
            }
        }
    }
    restarted
}
