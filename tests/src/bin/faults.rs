//! `urumi-faults`: the tests that break the platform, one subcommand each. Run by
//! tests/faults.sh, which starts the servers and stops what is left.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use system_tests::faults::curve::curve;
use system_tests::faults::ground::Ground;
use system_tests::faults::hopeless::hopeless;
use system_tests::faults::idle::idle;
use system_tests::faults::ingress;
use system_tests::faults::mutant::mutants;
use system_tests::faults::outages::outages;
use system_tests::faults::random::{Load, random};
use system_tests::faults::report;
use system_tests::faults::restored::restored;
use system_tests::faults::scale::cycles;
use system_tests::faults::store::Wish;
use system_tests::faults::sweep::{Scope, sweep};
use system_tests::faults::traced::traced;

/// Breaks the platform on purpose and looks at what is left.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    test: Test,
    /// Platforms side by side.
    #[arg(long, global = true, default_value_t = 6)]
    platforms: u16,
    /// Only points whose name contains this.
    #[arg(long, global = true)]
    only: Option<String>,
    /// The throws of chance.
    #[arg(long, global = true, env = "SEED")]
    seed: Option<u64>,
    /// Random kills.
    #[arg(long, global = true, default_value_t = 300)]
    kills: usize,
    /// People who use the platform meanwhile.
    #[arg(long, global = true, default_value_t = 50)]
    people: u64,
    /// Creates and deletes.
    #[arg(long, global = true, default_value_t = 200)]
    cycles: usize,
    /// How long the apiserver is away, in seconds.
    #[arg(long, global = true, default_value_t = 30)]
    away: u64,
    /// Ready stores.
    #[arg(long, global = true, default_value_t = 1_000)]
    stores: usize,
    /// Protections that are taken out, by name.
    #[arg(long, global = true)]
    without: Vec<String>,
    /// A file for the address of the ingress.
    #[arg(long, global = true)]
    to: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Test {
    /// Every point once, and the trace.
    Short,
    /// Every point once, with a part of the platform of the release before.
    Compat,
    /// Every point on every way.
    Sweep,
    /// Random kills and halts under load; SEED repeats them.
    Random,
    /// RabbitMQ, PostgreSQL or the apiserver away or ill for a while.
    Outages,
    /// Each protection taken out must be noticed.
    Mutants,
    /// Creates and deletes that leave nothing behind.
    Scale,
    /// Stores that can never become ready among healthy ones.
    Hopeless,
    /// What many ready stores take while nobody touches them.
    Idle,
    /// How fast the last of many stores are made, beside the first.
    Curve,
    /// Nothing but the ingress of simulated nodes, until it is ended.
    Ingress,
    /// The database restored from an older copy.
    Restored,
    /// One request, read back from a trace collector.
    Trace,
    /// The sweep, and then the random kills.
    Long,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("faults: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<bool> {
    if matches!(arguments.test, Test::Ingress) {
        let to = arguments.to.context("ingress wants --to FILE")?;
        ingress::alone(&to).await?;
        return Ok(true);
    }
    let ground = Ground::find().await?;
    match arguments.test {
        Test::Short => {
            let one_trace = traced(&ground).await?;
            Ok(swept(&ground, &arguments).await? && one_trace)
        }
        Test::Restored => restored(&ground).await,
        Test::Trace => traced(&ground).await,
        Test::Compat | Test::Sweep => swept(&ground, &arguments).await,
        Test::Random => random(&ground, load(&arguments)?).await,
        Test::Long => {
            let clean = swept(&ground, &arguments).await?;
            Ok(random(&ground, load(&arguments)?).await? && clean)
        }
        Test::Outages => {
            let away = Duration::from_secs(arguments.away);
            outages(&ground, away, arguments.only.as_deref()).await
        }
        Test::Mutants => mutants(&ground, arguments.only.as_deref()).await,
        Test::Hopeless => hopeless(&ground).await,
        Test::Idle => idle(&ground, arguments.stores).await,
        Test::Curve => curve(&ground, arguments.stores).await,
        Test::Ingress => Ok(true),
        Test::Scale => cycles(&ground, arguments.cycles, load(&arguments)?.seed).await,
    }
}

async fn swept(ground: &Ground, arguments: &Arguments) -> Result<bool> {
    let begun = Instant::now();
    let lacking = match &ground.servers.before {
        Some(before) => before.lacks()?,
        None => Vec::new(),
    };
    for point in &lacking {
        println!("{point}: the release before does not have it");
    }
    let scope = Scope {
        once: matches!(arguments.test, Test::Short | Test::Compat),
        lacking,
        platforms: arguments.platforms,
        only: arguments.only.clone(),
        without: arguments.without.clone(),
        wishes: Wish::known()?,
    };
    let swept = sweep(ground, &scope).await?;
    Ok(report::sums("sweep", &swept, begun.elapsed()))
}

fn load(arguments: &Arguments) -> Result<Load> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Load {
        seed: arguments.seed.unwrap_or(now.as_secs()),
        kills: arguments.kills,
        people: arguments.people,
        updates: Wish::known()?.contains(&Wish::Update),
    })
}
