//! One of many who use the platform while it is being broken: makes stores,
//! changes them, deletes them, also in the middle, and knows what must be left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::faults::check::Expected;
use crate::faults::dice::Dice;
use crate::faults::own::Own;
use crate::faults::store::Wish;

/// How long a person waits for one wish.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between a person's looks.
const LOOK: Duration = Duration::from_millis(700);

/// Live until the end is called; the stores that this person asked for.
///
/// # Errors
/// A wish that was refused, or never fulfilled.
pub async fn live(
    own: Arc<Own>,
    number: u64,
    mut dice: Dice,
    updates: bool,
    over: Arc<AtomicBool>,
) -> Result<Expected> {
    let mut expected = Expected::new();
    for turn in 0.. {
        let name = format!("{} person {number} store {turn}", own.name);
        let id = own.create(&name, &name).await?;
        expected.insert(id.clone(), "Ready");
        let hasty = dice.percent(30);
        if hasty {
            let pause = Duration::from_millis(dice.below(4_000));
            tokio::time::sleep(pause).await;
        } else {
            fulfilled(&own, &id, Wish::Create).await?;
            if updates && dice.percent(40) {
                own.update(&id, "medium", &format!("{name} medium")).await?;
                fulfilled(&own, &id, Wish::Update).await?;
            }
        }
        let last = over.load(Ordering::Relaxed);
        if last && !hasty && dice.percent(50) {
            return Ok(expected);
        }
        expected.insert(id.clone(), "Deleted");
        own.delete(&id).await?;
        fulfilled(&own, &id, Wish::Delete).await?;
        if last {
            return Ok(expected);
        }
    }
    Ok(expected)
}

async fn fulfilled(own: &Own, id: &str, wish: Wish) -> Result<()> {
    let begun = Instant::now();
    loop {
        if let Some(store) = own.store(id).await {
            if store["status"] == wish.goal() && store["operation"]["status"] == "Succeeded" {
                return Ok(());
            }
            let failed = ["Failed", "DeleteFailed"];
            if failed.iter().any(|status| store["status"] == *status) {
                bail!("a {} failed: {store}", wish.as_str());
            }
        }
        if begun.elapsed() > PATIENCE {
            bail!("{id}: no end of the {} in {PATIENCE:?}", wish.as_str());
        }
        tokio::time::sleep(LOOK).await;
    }
}
