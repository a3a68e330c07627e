//! Many stores, the first and the last of which are made by the platform and timed;
//! those between are copies (see `copies`). With two slots, as a worker has them, and
//! the cap on commands out of the way. And what the programs take when all are there and
//! nobody touches them. For `make bench-curve` and `bench-idle`; judges nothing itself.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::faults::copies;
use crate::faults::ground::Ground;
use crate::faults::idle::{healthy, made, measure, memory};
use crate::faults::own::{Own, Plan};
use crate::faults::visitor;

/// Made at each end.
const END: usize = 100;
/// After the last change, and a round of the observer.
const IDLE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(60));

/// Print rates and memory; whether there was something to print.
///
/// # Errors
/// If the test's own means fail.
pub async fn curve(ground: &Ground, stores: usize) -> Result<bool> {
    let kubeconfig = visitor::admit(ground).await?;
    let mut plan = Plan::new(8, 1)
        .with("URUMI_SLOTS", 2)
        .with("URUMI_COMMANDS_IN_FLIGHT", 10_000)
        .with("URUMI_OPERATION_DEADLINE_SECONDS", 3_600);
    plan.kubeconfig = Some(kubeconfig.display().to_string());
    let own = ground.platform(&plan).await?;
    end(&own, "first", 0).await?;
    let one = copies::a_ready_one(&own).await?;
    copies::copy(&own, &one, END..stores.saturating_sub(END)).await?;
    println!("{} copies beside them", stores.saturating_sub(2 * END));
    // Laid down at once, they keep the cluster's controllers busy for a while, as stores
    // that were made one after the other would not.
    healthy(&own, stores.saturating_sub(END)).await?;
    tokio::time::sleep(IDLE.0).await;
    end(&own, "last", stores - END).await?;
    measure(&own, &ground.client, stores, IDLE).await?;
    println!("curve: 1 passed, 0 failed, 0 skipped");
    // The stores' objects go with the cluster, which is the bench's own.
    own.end().await?;
    Ok(true)
}

async fn end(own: &Own, which: &str, from: usize) -> Result<()> {
    let took = made(own, from..from + END).await?.as_secs_f64();
    let rate = f64::from(u16::try_from(END)?) / took;
    println!("{which} {END} stores: {rate:.3} a second ({took:.1} s)");
    let pid = own.workers[0].pid().context("the worker does not run")?;
    println!("worker after the {which}: {:.1} MiB", memory(pid)?);
    Ok(())
}
