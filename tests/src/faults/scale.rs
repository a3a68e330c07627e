//! Many creates and deletes, half of the deletes in the middle of the install:
//! afterwards the cluster holds what it held before, and nothing else.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::join_all;

use crate::faults::check::{Expected, check};
use crate::faults::dice::Dice;
use crate::faults::ground::Ground;
use crate::faults::inventory::inventory;
use crate::faults::own::{Own, Plan};
use crate::faults::patience::until;
use crate::faults::store::Wish;

/// Creates and deletes at once.
const AT_ONCE: usize = 8;
const PATIENCE: Duration = Duration::from_secs(300);

/// Do so many; whether nothing was left.
///
/// # Errors
/// If the test's own means fail.
pub async fn cycles(ground: &Ground, count: usize, seed: u64) -> Result<bool> {
    let plan = Plan::new(11, 2)
        .with("URUMI_SLOTS", 4)
        .with("URUMI_OPERATION_DEADLINE_SECONDS", 900);
    let own = ground.platform(&plan).await?;
    // The platform's own namespace is made by the first store.
    let mut expected = Expected::new();
    expected.extend(cycle(&own, "first", None).await);
    let before = inventory(&ground.client).await?;
    let begun = Instant::now();
    let next = Cell::new(0);
    let lanes = (0..AT_ONCE).map(|lane| {
        let (own, next) = (&own, &next);
        let mut dice = Dice::new(seed).part(u64::try_from(lane).unwrap_or(0));
        async move {
            let mut made = Vec::new();
            loop {
                let number = next.get();
                if number >= count {
                    return made;
                }
                next.set(number + 1);
                let pause = (number % 2 == 0).then(|| Duration::from_millis(dice.below(6_000)));
                made.push(cycle(own, &format!("cycle {number}"), pause).await);
            }
        }
    });
    for outcome in join_all(lanes).await.into_iter().flatten() {
        match outcome {
            Ok(store) => {
                expected.extend([store]);
            }
            Err(error) => println!("FAILED {error:#}"),
        }
    }
    let mut wrong: Vec<String> = check(&own, &expected)
        .await?
        .iter()
        .map(ToString::to_string)
        .collect();
    // Kubernetes' own sweeping (volumes, slices) may be a little later.
    let same = until(
        "the cluster holds what it held",
        Duration::from_secs(60),
        async || {
            let now = inventory(&ground.client).await.ok()?;
            (now == before).then_some(())
        },
    );
    if same.await.is_err() {
        let now = inventory(&ground.client).await?;
        wrong.extend(
            now.difference(&before)
                .map(|object| format!("left: {object}")),
        );
        wrong.extend(
            before
                .difference(&now)
                .map(|object| format!("gone: {object}")),
        );
    }
    for line in wrong.iter().take(40) {
        println!("FAILED {line}");
    }
    println!(
        "{count} cycles in {:.0} s, {} objects before and after, {} differences",
        begun.elapsed().as_secs_f64(),
        before.len(),
        wrong.len()
    );
    let failed = usize::from(!wrong.is_empty() || expected.len() != count + 1);
    println!("scale: {} passed, {failed} failed, 0 skipped", 1 - failed);
    ground.clear(own).await?;
    Ok(failed == 0)
}

/// One store, made and deleted; in the middle, after a pause.
async fn cycle(own: &Own, name: &str, hasty: Option<Duration>) -> Result<(String, &'static str)> {
    let id = own.create(name, name).await?;
    match hasty {
        Some(pause) => tokio::time::sleep(pause).await,
        None => {
            own.until_ended(&id, Wish::Create, PATIENCE).await?;
        }
    }
    own.delete(&id).await?;
    own.until_ended(&id, Wish::Delete, PATIENCE).await?;
    Ok((id, "Deleted"))
}
