//! Stores that can never become ready, among healthy ones: how long these take for
//! it; and how soon a cause that no waiting can cure ends the wait.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use sqlx::Row as _;

use crate::faults::ground::Ground;
use crate::faults::nowhere;
use crate::faults::own::{Own, Plan};
use crate::faults::patience::until;
use crate::faults::report::seconds;
use crate::faults::store::Wish;

const HEALTHY: u32 = 40;
const HOPELESS: u32 = 20;
const SLOTS: u32 = 2;
/// With a pod that has no node.
const PATIENCE: Duration = Duration::from_secs(30);
/// With a cause that no waiting can cure.
const PROVABLE: Duration = Duration::from_secs(1);
const TRIES: usize = 5;
const LONG: Duration = Duration::from_secs(1_800);
const SOON: Duration = Duration::from_secs(60);

/// Both; whether the bounds held.
///
/// # Errors
/// If the test's own means fail.
pub async fn hopeless(ground: &Ground) -> Result<bool> {
    let plan = Plan::new(10, 1)
        .with("URUMI_SLOTS", SLOTS)
        .with("URUMI_PATIENCE_UNSCHEDULABLE_SECONDS", PATIENCE.as_secs())
        // As they are without being told: those without hope are tried so long.
        .with("URUMI_OPERATION_DEADLINE_SECONDS", 900)
        .with("URUMI_REDISPATCH_AFTER_SECONDS", 90)
        .with("URUMI_RETRY_BASE_MS", 2_000)
        .with("URUMI_RETRY_MAX_MS", 60_000);
    nowhere::begin(&ground.client).await?;
    let own = ground.platform(&plan).await?;
    let well = among(&own).await? & provable(ground, &own).await?;
    nowhere::end(&ground.client).await;
    ground.clear(own).await?;
    let failed = usize::from(!well);
    println!(
        "hopeless: {} passed, {failed} failed, 0 skipped",
        1 - failed
    );
    Ok(well)
}

async fn among(own: &Own) -> Result<bool> {
    let alone = run(own, "alone", 0).await?;
    println!("{HEALTHY} healthy stores alone: {}", seconds(alone));
    let among = run(own, "among", HOPELESS).await?;
    let bound = (alone + PATIENCE * HOPELESS / SLOTS).mul_f64(1.1);
    let well = among <= bound;
    println!(
        "{:6} {HEALTHY} healthy stores among {HOPELESS} hopeless ones on {SLOTS} slots: {} of at most {} = 1.1 × ({} + {HOPELESS} × {} ÷ {SLOTS})",
        if well { "ok" } else { "FAILED" },
        seconds(among),
        seconds(bound),
        seconds(alone),
        seconds(PATIENCE),
    );
    for (status, count) in statuses(own, "hopeless").await? {
        println!("       {count} hopeless stores are {status}");
    }
    Ok(well)
}

/// Ask for all of them at once; the time until the last healthy one is ready.
async fn run(own: &Own, name: &str, hopeless: u32) -> Result<Duration> {
    let begun = Instant::now();
    let mut left = hopeless;
    for number in 0..HEALTHY {
        // Every third is hopeless, beginning with the first.
        if number % 2 == 0 && left > 0 {
            left -= 1;
            let bad = format!("hopeless {name} {number}");
            own.create_of(&bad, "large", &bad).await?;
        }
        let good = format!("{name} {number}");
        own.create(&good, &good).await?;
    }
    let ready = async || {
        let found = statuses(own, name).await.ok()?;
        (found.get("Ready") == Some(&i64::from(HEALTHY))).then_some(())
    };
    until("the healthy stores are ready", LONG, ready).await?;
    Ok(begun.elapsed())
}

/// How many stores whose name begins so have which status.
async fn statuses(own: &Own, name: &str) -> Result<BTreeMap<String, i64>> {
    let sql = "SELECT status, count(*) AS stores FROM stores WHERE name LIKE $1 || ' %' GROUP BY 1";
    let rows = sqlx::query(sql).bind(name).fetch_all(&own.records).await?;
    let rows = rows
        .iter()
        .map(|row| Ok((row.try_get("status")?, row.try_get("stores")?)));
    rows.collect()
}

/// From the moment at which a pod says that its image has no name to the failure
/// that a client sees.
async fn provable(ground: &Ground, own: &Own) -> Result<bool> {
    // Slots for these alone.
    let hopeless = ids(own, "hopeless").await?;
    for id in &hopeless {
        own.delete(id).await?;
    }
    for id in &hopeless {
        own.until_ended(id, Wish::Delete, SOON * 5).await?;
    }
    let mut times = Vec::new();
    for number in 0..TRIES {
        let name = format!("provable {number}");
        let id = own.create_of(&name, "large", &name).await?;
        let pod = until("a pod has no node", SOON, async || {
            nowhere::without_node(&ground.client, &id).await
        });
        let pod = pod.await?;
        nowhere::image_invalid(&ground.client, &id, &pod).await?;
        let said = Instant::now();
        let store = own.until_ended(&id, Wish::Create, SOON).await?;
        times.push(said.elapsed());
        let code = store["failure"]["code"].as_str();
        let code = code.context("no failure")?;
        anyhow::ensure!(code == "ImageInvalid", "it failed with {code}");
    }
    let well = times.iter().all(|time| *time < PROVABLE);
    let times: Vec<String> = times.into_iter().map(seconds).collect();
    println!(
        "{:6} ImageInvalid, shown as the store's failure after the pod said it: {}",
        if well { "ok" } else { "FAILED" },
        times.join(", "),
    );
    Ok(well)
}

async fn ids(own: &Own, name: &str) -> Result<Vec<String>> {
    let sql = "SELECT id FROM stores WHERE name LIKE $1 || ' %'";
    let ids = sqlx::query_scalar(sql).bind(name);
    Ok(ids.fetch_all(&own.records).await?)
}
