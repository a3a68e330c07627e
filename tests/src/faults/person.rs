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

/// How long a person waits for one wish once nothing is broken any more: while
/// processes are being ended there is no limit to how often it is one's own.
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
            fulfilled(&own, &id, Wish::Create, &over).await?;
            if updates && dice.percent(40) {
                own.update(&id, "medium", &format!("{name} medium")).await?;
                fulfilled(&own, &id, Wish::Update, &over).await?;
            }
        }
        let last = over.load(Ordering::Relaxed);
        if last && !hasty && dice.percent(50) {
            return Ok(expected);
        }
        expected.insert(id.clone(), "Deleted");
        own.delete(&id).await?;
        fulfilled(&own, &id, Wish::Delete, &over).await?;
        if last {
            return Ok(expected);
        }
    }
    Ok(expected)
}

async fn fulfilled(own: &Own, id: &str, wish: Wish, over: &AtomicBool) -> Result<()> {
    let mut healed: Option<Instant> = None;
    loop {
        if let Some(store) = own.store(id).await {
            let operation = &store["operation"];
            let kind = operation["kind"].as_str().unwrap_or_default();
            if kind.eq_ignore_ascii_case(wish.as_str()) {
                match operation["status"].as_str() {
                    Some("Succeeded") if store["status"] == wish.goal() => return Ok(()),
                    Some("Failed" | "Cancelled" | "Superseded") => {
                        bail!("a {} failed: {store}", wish.as_str());
                    }
                    _ => {}
                }
            }
        }
        if over.load(Ordering::Relaxed) {
            let healed = *healed.get_or_insert_with(Instant::now);
            if healed.elapsed() > PATIENCE {
                bail!(
                    "{id}: no end of the {} within {PATIENCE:?} after the last kill",
                    wish.as_str()
                );
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}
