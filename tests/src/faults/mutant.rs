//! Protections taken out one by one. Each has a scenario that comes out right
//! with it and wrong without it; one that comes out right both times shows that
//! the tests do not see what the protection is for.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use rustix::process::Signal;

use crate::faults::case::{Case, Subject, Who, run};
use crate::faults::check::{Expected, Finding, check};
use crate::faults::ground::Ground;
use crate::faults::own::{LEASE, Own, Plan};
use crate::faults::patience::until;
use crate::faults::program::Program;
use crate::faults::refusal::Refusal;
use crate::faults::road::Road;
use crate::faults::store::Wish;
use crate::faults::victims;

/// No second chance by the watchdog: what is to be shown is one protection alone.
const NEVER: u64 = 3_600;
const SOON: Duration = Duration::from_secs(60);

/// What is done to see a protection at work.
#[derive(Debug, Clone, Copy)]
pub enum Scenario {
    /// A process is ended at a point on the way of a wish.
    Killed(&'static str, Who, Wish),
    /// The same; and what was settled is not done again.
    KilledAfterSettling(&'static str, Wish),
    /// helm is refused what it sends; the failure that the worker says is said a
    /// second time, because it is killed right after the first.
    FailedTwice(&'static str),
    /// A worker is halted at a point, the store made and deleted by another, and
    /// the halted one goes on.
    Halted(&'static str),
    /// helm hangs and its worker is killed.
    HelmHangs,
    /// The queue of the commands is deleted before a wish.
    QueueDeleted,
    /// Nothing answers at the ingress.
    NoShop,
}

/// Every protection with its scenario.
pub const MUTANTS: [(&str, Scenario); 8] = [
    (
        "outbox",
        Scenario::Killed("api.relay.publish.before", Who::Api, Wish::Create),
    ),
    (
        "ack-after-effect",
        Scenario::Killed("worker.release.after", Who::Worker, Wish::Create),
    ),
    ("fencing", Scenario::Halted("worker.namespace.before")),
    (
        "settled",
        Scenario::KilledAfterSettling("worker.settle.after", Wish::Create),
    ),
    ("helm-guard", Scenario::HelmHangs),
    ("inbox", Scenario::FailedTwice("worker.outcome.after")),
    ("ack-none", Scenario::QueueDeleted),
    ("probe", Scenario::NoShop),
];

/// Run a scenario with those protections missing; what was wrong.
///
/// # Errors
/// If the test's own means fail.
pub async fn play(ground: &Ground, scenario: Scenario, without: &[&str]) -> Result<Vec<String>> {
    let mut plan = Plan::new(12, 1);
    match scenario {
        Scenario::Halted(_) => plan.workers = 2,
        Scenario::NoShop => plan = plan.with("URUMI_INGRESS", "127.0.0.1:1"),
        Scenario::Killed(..)
        | Scenario::KilledAfterSettling(..)
        | Scenario::FailedTwice(_)
        | Scenario::HelmHangs
        | Scenario::QueueDeleted => {
            plan = plan.with("URUMI_REDISPATCH_AFTER_SECONDS", NEVER);
        }
    }
    let own = ground.platform(&plan).await?;
    own.fuse.without(without)?;
    let wrong = match scenario {
        Scenario::Killed(point, who, wish) => killed(&own, point, who, wish).await,
        Scenario::KilledAfterSettling(point, wish) => settled(&own, point, wish).await,
        Scenario::FailedTwice(point) => failed_twice(&own, point).await,
        Scenario::Halted(point) => halted(&own, point).await,
        Scenario::HelmHangs => helm_hangs(&own).await,
        Scenario::QueueDeleted => queue_deleted(&own).await,
        Scenario::NoShop => no_shop(&own).await,
    };
    ground.clear(own).await?;
    Ok(match wrong {
        Ok(findings) => findings,
        Err(error) => vec![format!("{error:#}")],
    })
}

fn words(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

fn straight(point: &'static str, who: Who, wish: Wish) -> Case {
    let road = Road::straight(wish);
    Case {
        point,
        road,
        who,
        again: false,
    }
}

async fn killed(own: &Own, point: &'static str, who: Who, wish: Wish) -> Result<Vec<String>> {
    let mut subject = Subject {
        name: "mutant".to_owned(),
        id: String::new(),
    };
    let case = straight(point, who, wish);
    let outcome = run(own, case, &mut subject, &mut Expected::new()).await?;
    Ok(words(&outcome.findings))
}

async fn settled(own: &Own, point: &'static str, wish: Wish) -> Result<Vec<String>> {
    let _ = own.fuse.take_hits();
    let mut wrong = killed(own, point, Who::Worker, wish).await?;
    let arrivals = own.fuse.take_hits().remove("worker.arrive.before");
    if arrivals != Some(1) {
        wrong.push(format!(
            "what was settled was done again: {arrivals:?} arrivals"
        ));
    }
    Ok(wrong)
}

async fn failed_twice(own: &Own, point: &str) -> Result<Vec<String>> {
    let refusal = Refusal::begin(&own.client, &own.name).await?;
    own.fuse.arm(point, "kill")?;
    let id = own.create("failed twice", "failed twice").await?;
    let fired = async || own.fuse.fired().then_some(());
    let said = until("a failure was said", SOON, fired).await;
    refusal.end().await?;
    said?;
    own.until_ended(&id, Wish::Create, SOON).await?;
    let expected = Expected::from([(id, "Ready")]);
    Ok(words(&check(own, &expected).await?))
}

async fn halted(own: &Own, point: &str) -> Result<Vec<String>> {
    own.fuse.arm(point, "stop")?;
    let id = own.create("halted", "halted").await?;
    let fired = async || own.fuse.fired().then_some(());
    until("a worker is halted", SOON, fired).await?;
    own.until_ended(&id, Wish::Create, SOON).await?;
    own.delete(&id).await?;
    own.until_ended(&id, Wish::Delete, SOON).await?;
    for worker in &own.workers {
        let _ = worker.signal(Signal::CONT);
    }
    // As long as the one that was halted could still do something.
    tokio::time::sleep(LEASE * 2).await;
    let expected = Expected::from([(id, "Deleted")]);
    Ok(words(&check(own, &expected).await?))
}

async fn helm_hangs(own: &Own) -> Result<Vec<String>> {
    let Some(worker) = own.workers.first() else {
        bail!("no worker");
    };
    let id = own.create("hanging", "hanging").await?;
    let helm = until("helm is at work", SOON, async || {
        victims::helms(worker.pid()?).first().copied()
    });
    let helm = helm.await?;
    ensure!(victims::signal(helm, Signal::STOP), "helm was gone");
    ensure!(worker.signal(Signal::KILL), "the worker was gone");
    let gone = async || (!victims::lives(helm)).then_some(());
    let gone = until("helm is gone", Duration::from_secs(4), gone).await;
    let _ = victims::signal(helm, Signal::CONT);
    let _ = victims::signal(helm, Signal::KILL);
    let mut wrong: Vec<String> = gone
        .err()
        .map(|error| error.to_string())
        .into_iter()
        .collect();
    own.until_ended(&id, Wish::Create, SOON).await?;
    let expected = Expected::from([(id, "Ready")]);
    wrong.extend(words(&check(own, &expected).await?));
    Ok(wrong)
}

async fn queue_deleted(own: &Own) -> Result<Vec<String>> {
    let path = format!("queues/{}/store.commands", own.name);
    // Nobody may declare it again before the message is sent.
    for worker in &own.workers {
        worker.fell().await?;
    }
    own.servers
        .management(reqwest::Method::DELETE, &path, None)
        .await?;
    until("the queue is gone", SOON, async || {
        let queues = own.servers.queues(&own.name).await.ok()?;
        let there = queues.iter().any(|(name, _)| name == "store.commands");
        (!there).then_some(())
    })
    .await?;
    let _ = own.fuse.take_hits();
    let id = own.create("no queue", "no queue").await?;
    until(
        "the relay has an answer for the command",
        SOON,
        async || {
            let hits = own.fuse.take_hits();
            hits.contains_key("api.relay.mark.before").then_some(())
        },
    )
    .await?;
    own.workers.iter().for_each(Program::rise);
    own.until_ended(&id, Wish::Create, SOON).await?;
    let expected = Expected::from([(id, "Ready")]);
    Ok(words(&check(own, &expected).await?))
}

async fn no_shop(own: &Own) -> Result<Vec<String>> {
    let id = own.create("no shop", "no shop").await?;
    let ready = async || {
        let store = own.store(&id).await?;
        (store["status"] == "Ready").then_some(())
    };
    let ready = until("ready", Duration::from_secs(20), ready).await;
    Ok(match ready {
        Ok(()) => vec!["Ready without an answer of its shop".to_owned()],
        Err(_) => Vec::new(),
    })
}

/// All of them, or those whose name contains a word; whether each turned red.
///
/// # Errors
/// If the test's own means fail.
pub async fn mutants(ground: &Ground, only: Option<&str>) -> Result<bool> {
    let (mut passed, mut failed) = (0, 0);
    for (protection, scenario) in MUTANTS {
        if only.is_some_and(|part| !protection.contains(part)) {
            continue;
        }
        let with = play(ground, scenario, &[]).await?;
        let without = play(ground, scenario, &[protection]).await?;
        let well = with.is_empty() && !without.is_empty();
        println!(
            "{:6} {protection:18} with it {:6} without it {}",
            if well { "ok" } else { "FAILED" },
            if with.is_empty() { "green" } else { "RED" },
            if without.is_empty() { "GREEN" } else { "red" },
        );
        for (how, findings) in [("with", &with), ("without", &without)] {
            for finding in findings {
                println!(
                    "         {how}: {}",
                    finding.chars().take(160).collect::<String>()
                );
            }
        }
        if well {
            passed += 1;
        } else {
            failed += 1;
        }
    }
    println!("mutants: {passed} passed, {failed} failed, 0 skipped");
    Ok(failed == 0 && passed > 0)
}
