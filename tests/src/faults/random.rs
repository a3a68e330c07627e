//! Random kills and halts under load: fifty people at once, one api, two workers,
//! and a hand that ends or halts one of their processes again and again, at a
//! moment or at a named point. The seed repeats the throws.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::Signal;
use shared::fault::{API, WORKER};
use tokio::task::JoinSet;

use crate::faults::check::{Expected, Finding, Wrong, check};
use crate::faults::dice::Dice;
use crate::faults::ground::Ground;
use crate::faults::own::{Own, Plan};
use crate::faults::patience::until;
use crate::faults::person::live;
use crate::faults::program::Program;
use crate::faults::victims;

/// How much.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub seed: u64,
    pub kills: usize,
    pub people: u64,
    pub updates: bool,
}

/// Do it; whether everything came out right.
///
/// # Errors
/// If the platform cannot be started or looked at.
pub async fn random(ground: &Ground, load: Load) -> Result<bool> {
    let begun = Instant::now();
    println!(
        "seed {}: {} kills under {} people",
        load.seed, load.kills, load.people
    );
    let plan = Plan::new(15, 2)
        .with("URUMI_SLOTS", 4)
        // Nobody gives up because others were killed.
        .with("URUMI_OPERATION_DEADLINE_SECONDS", 3_600)
        .with("URUMI_OPERATION_MAX_ATTEMPTS", 50);
    let own = Arc::new(ground.platform(&plan).await?);
    let dice = Dice::new(load.seed);
    let over = Arc::new(AtomicBool::new(false));
    let mut people = JoinSet::new();
    for number in 0..load.people {
        let dice = dice.part(number + 1);
        people.spawn(live(
            Arc::clone(&own),
            number,
            dice,
            load.updates,
            Arc::clone(&over),
        ));
    }
    let done = strike(&own, dice.part(0), load.kills).await?;
    let healed = Instant::now();
    over.store(true, Ordering::Relaxed);
    let mut findings = Vec::new();
    let mut expected = Expected::new();
    while let Some(ended) = people.join_next().await {
        match ended.context("a person was lost")? {
            Ok(stores) => expected.extend(stores),
            Err(error) => findings.push(Finding {
                wrong: Wrong::Stuck,
                what: format!("{error:#}"),
            }),
        }
    }
    println!(
        "{} s of kills; the last wish was fulfilled {:.1} s after the last",
        healed.duration_since(begun).as_secs(),
        healed.elapsed().as_secs_f64()
    );
    own.until_ready().await?;
    findings.extend(check(&own, &expected).await?);
    tell(&done, &findings, expected.len());
    let own = Arc::into_inner(own).context("somebody still holds the platform")?;
    ground.clear(own).await?;
    Ok(findings.is_empty())
}

/// What was done to whom.
type Done = BTreeMap<(String, &'static str), usize>;

async fn strike(own: &Own, mut dice: Dice, kills: usize) -> Result<Done> {
    let mut done = Done::new();
    let (mut count, mut told) = (0, 0);
    while count < kills {
        if count % 50 == 0 && count > told {
            println!("{count} so far");
            told = count;
        }
        tokio::time::sleep(Duration::from_millis(200 + dice.below(1_300))).await;
        let struck = match dice.below(10) {
            0..4 => at_a_point(own, &mut dice).await?,
            4..6 => moment(&own.api, &mut dice).await,
            6..8 => match dice.one_of(&own.workers) {
                Some(worker) => moment(worker, &mut dice).await,
                None => None,
            },
            _ => below_a_worker(own, &mut dice),
        };
        if let Some(struck) = struck {
            *done.entry(struck).or_default() += 1;
            count += 1;
        }
    }
    let _ = own.fuse.disarm();
    Ok(done)
}

/// At a named point, if one is passed soon.
async fn at_a_point(own: &Own, dice: &mut Dice) -> Result<Option<(String, &'static str)>> {
    let points: Vec<_> = API.iter().chain(WORKER).collect();
    let Some(point) = dice.one_of(&points) else {
        return Ok(None);
    };
    own.fuse.arm(point.name, "kill")?;
    let fired = until("fired", Duration::from_secs(3), async || {
        own.fuse.fired().then_some(())
    });
    let fired = fired.await.is_ok();
    let _ = own.fuse.disarm();
    let who = point.name.split('.').next().unwrap_or_default();
    Ok(fired.then(|| (format!("{who} at a point"), "killed")))
}

/// Now: mostly the end, sometimes a halt of up to twice the lease.
async fn moment(program: &Program, dice: &mut Dice) -> Option<(String, &'static str)> {
    if dice.percent(70) {
        return program
            .signal(Signal::KILL)
            .then(|| (program.name.clone(), "killed"));
    }
    let halted = program.signal(Signal::STOP);
    tokio::time::sleep(Duration::from_millis(dice.below(6_000))).await;
    let _ = program.signal(Signal::CONT);
    halted.then(|| (program.name.clone(), "halted"))
}

/// One of the guards or helms at work.
fn below_a_worker(own: &Own, dice: &mut Dice) -> Option<(String, &'static str)> {
    let workers: Vec<i32> = own.workers.iter().filter_map(Program::pid).collect();
    let (name, found): (_, Vec<i32>) = if dice.percent(50) {
        (
            "guard",
            workers
                .iter()
                .flat_map(|pid| victims::guards(*pid))
                .collect(),
        )
    } else {
        (
            "helm",
            workers
                .iter()
                .flat_map(|pid| victims::helms(*pid))
                .collect(),
        )
    };
    let victim = dice.one_of(&found)?;
    victims::signal(*victim, Signal::KILL).then(|| (name.to_owned(), "killed"))
}

fn tell(done: &Done, findings: &[Finding], stores: usize) {
    let total: usize = done.values().sum();
    for ((who, how), times) in done {
        println!("{times:4} × {who} {how}");
    }
    for finding in findings {
        println!("FAILED {finding}");
    }
    let of = |wrong: Wrong| findings.iter().filter(|one| one.wrong == wrong).count();
    println!(
        "{total} kills and halts, {stores} stores: {} lost, {} doubled, {} stuck, {} orphans, {} in the audit, {} others",
        of(Wrong::Lost),
        of(Wrong::Doubled),
        of(Wrong::Stuck),
        of(Wrong::Orphan),
        of(Wrong::Audit),
        of(Wrong::State) + of(Wrong::Error),
    );
    let failed = usize::from(!findings.is_empty());
    println!("random: {} passed, {failed} failed, 0 skipped", 1 - failed);
}
