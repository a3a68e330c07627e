//! Many ready stores that nobody touches: what the platform's processes then take of
//! the processor, of memory, and of the apiserver. Only a build without named points
//! and with optimisation says something. The first hundred stores are made by the
//! platform, the others are copies of one of them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use kube::Client;

use crate::faults::copies;
use crate::faults::ground::Ground;
use crate::faults::own::{Own, Plan};
use crate::faults::patience::until;
use crate::faults::program::Program;
use crate::faults::visitor;

/// Where memory is compared, and at the end.
const FEW: usize = 100;
const READY: &str = "SELECT count(*) FROM stores WHERE status = 'Ready'";
const LONG: Duration = Duration::from_secs(3_600);
/// After the last change, until everything rests.
const REST: Duration = Duration::from_secs(60);
/// Three rounds of the observer.
const WATCHED: Duration = Duration::from_secs(180);
/// Of one core.
const PERCENT: f64 = 2.0;
const REQUESTS: f64 = 1.0;
/// The kernel's, in a second (`USER_HZ`).
const TICKS: f64 = 100.0;
const MEMORY: f64 = 1.3;

/// Measure with few and with that many; whether all bounds held.
///
/// # Errors
/// If the test's own means fail.
pub async fn idle(ground: &Ground, stores: usize) -> Result<bool> {
    let kubeconfig = visitor::admit(ground).await?;
    let mut plan = Plan::new(9, 1)
        .with("URUMI_SLOTS", 12)
        .with("URUMI_COMMANDS_IN_FLIGHT", 64)
        .with("URUMI_OPERATION_DEADLINE_SECONDS", 3_600);
    plan.kubeconfig = Some(kubeconfig.display().to_string());
    let own = ground.platform(&plan).await?;
    grow(&own, FEW).await?;
    let few = measure(&own, &ground.client, FEW, (REST, WATCHED)).await?;
    let begun = Instant::now();
    let one = copies::a_ready_one(&own).await?;
    copies::copy(&own, &one, FEW..stores).await?;
    let took = begun.elapsed().as_secs_f64();
    println!("{} copies made in {took:.0} s", stores - FEW);
    let many = measure(&own, &ground.client, stores, (REST, WATCHED)).await?;
    let ratio = many.worker / few.worker;
    let well = many.percent <= PERCENT && many.requests <= REQUESTS && ratio <= MEMORY;
    println!(
        "{:6} {stores} idle stores: {:.2} % of a core (at most {PERCENT}), {:.2} requests a second (at most {REQUESTS}), memory of the worker {ratio:.2} times that at {FEW} (at most {MEMORY})",
        if well { "ok" } else { "FAILED" },
        many.percent,
        many.requests,
    );
    let failed = usize::from(!well);
    println!("idle: {} passed, {failed} failed, 0 skipped", 1 - failed);
    ground.clear(own).await?;
    Ok(well)
}

async fn grow(own: &Own, count: usize) -> Result<()> {
    let took = made(own, 0..count).await?.as_secs_f64();
    println!("{count} stores made in {took:.0} s");
    Ok(())
}

/// How long it takes until stores of these numbers are asked for and Ready.
///
/// # Errors
/// If one is not in time.
pub async fn made(own: &Own, numbers: Range<usize>) -> Result<Duration> {
    let before = counted(own, READY).await.context("no count")?;
    let (begun, count) = (Instant::now(), before + numbers.len());
    let made = numbers.map(|number| async move {
        let name = format!("idle {number}");
        own.create(&name, &name).await
    });
    try_join_all(made).await?;
    until("the stores are ready", LONG, async || {
        (counted(own, READY).await == Some(count)).then_some(())
    })
    .await?;
    Ok(begun.elapsed())
}

/// Until so many stores were seen to be healthy.
///
/// # Errors
/// If they are not in time.
pub async fn healthy(own: &Own, stores: usize) -> Result<()> {
    until("every store was seen to be healthy", LONG, async || {
        let sql = "SELECT count(*) FROM stores WHERE status = 'Ready' AND health = 'Healthy'";
        (counted(own, sql).await == Some(stores)).then_some(())
    })
    .await
}

async fn counted(own: &Own, sql: &'static str) -> Option<usize> {
    let count: i64 = sqlx::query_scalar(sql).fetch_one(&own.records).await.ok()?;
    usize::try_from(count).ok()
}

/// What an idle platform takes.
#[derive(Debug)]
pub struct Taken {
    pub percent: f64,
    pub requests: f64,
    /// MiB.
    pub worker: f64,
}

/// What the programs take, after a rest, over that time.
///
/// # Errors
/// If a program falls, or does not find every store healthy.
pub async fn measure(
    own: &Own,
    client: &Client,
    stores: usize,
    (rest, watched): (Duration, Duration),
) -> Result<Taken> {
    // Both times a fresh process: what making the stores took does not count.
    for worker in &own.workers {
        worker.fell().await?;
        worker.rise();
    }
    healthy(own, stores).await?;
    tokio::time::sleep(rest).await;
    let (begun, requests) = (Instant::now(), visitor::requests(client).await?);
    let before = processor(own)?;
    tokio::time::sleep(watched).await;
    let (after, took) = (processor(own)?, begun.elapsed().as_secs_f64());
    let requests = (visitor::requests(client).await? - requests) / took;
    let mut percent = 0.0;
    let mut worker = 0.0;
    for program in own.programs() {
        let pid = program.pid().context("a program does not run")?;
        let used = after.get(&pid).zip(before.get(&pid));
        let (after, before) = used.context("a program was started anew")?;
        let part = (after - before) / took * 100.0;
        let memory = memory(pid)?;
        println!(
            "{stores} stores, {}: {part:.2} % of a core, {memory:.1} MiB",
            program.name
        );
        percent += part;
        if program.name.starts_with("worker") {
            worker = memory;
        }
    }
    println!(
        "{stores} stores: {percent:.2} % of a core, {requests:.2} requests a second to the apiserver"
    );
    Ok(Taken {
        percent,
        requests,
        worker,
    })
}

/// Seconds of the processor that each program has used.
fn processor(own: &Own) -> Result<BTreeMap<i32, f64>> {
    let pids = own.programs().filter_map(Program::pid);
    pids.map(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let (_, rest) = stat.rsplit_once(") ").context("no stat")?;
        let ticks = rest.split_whitespace().skip(11).take(2);
        let ticks: f64 = ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
        Ok((pid, ticks / TICKS))
    })
    .collect()
}

/// What is in memory and nobody else's, in MiB.
///
/// # Errors
/// If the process is gone.
pub fn memory(pid: i32) -> Result<f64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = rollup.lines().find(|line| line.starts_with("Pss:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    let kib: f64 = kib.context("no Pss")?.parse()?;
    Ok(kib / 1024.0)
}
