//! The program: its subcommands, its start and its end.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use shared::{pages, settings, shutdown, telemetry};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::consumer::Consumer;
use crate::context::Context;
use crate::helm::guard;
use crate::settings::{DEFAULTS, Settings};
use crate::{control, observer, probes, questions};

/// Brings stores to what is wanted of them. Settings come from the environment;
/// see `worker/settings/base.toml` in the sources.
#[derive(Debug, Parser)]
#[command(name = "urumi-worker", version, about)]
struct Arguments {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Take commands until SIGTERM.
    Run,
    /// Ask the running worker on this machine whether it lives (exit code 0).
    Healthcheck,
}

/// The whole program.
#[must_use]
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // Before anything else: these two are tiny and have one thread.
    match arguments.next() {
        Some(first) if first == guard::GUARD => return guard::main(),
        Some(first) if first == guard::EXEC => {
            return guard::exec(&arguments.collect::<Vec<_>>());
        }
        _ => {}
    }
    let done = match Arguments::parse().deed {
        Deed::Run => run(),
        Deed::Healthcheck => healthcheck(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("urumi-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let settings: Settings = settings::load(DEFAULTS)?;
    telemetry::install_tls_provider();
    let telemetry = telemetry::init(
        settings.log_format,
        &settings.log,
        &crate::settings::collector()?,
    );
    if let Some(sentence) = settings.missing_file() {
        anyhow::bail!(sentence);
    }
    // Waiting is what it does; two threads are plenty.
    let served = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(serve(settings));
    telemetry.end();
    served
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let stop = shutdown::on_signal()?;
    // The probes answer until the last job has ended.
    let ended = CancellationToken::new();
    let listen = settings.worker_listen;
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("cannot listen on {listen}; set URUMI_WORKER_LISTEN to a free address")
    })?;
    let context = Arc::new(Context::open(settings, stop.clone()).await?);
    tracing::info!(worker = context.worker, %listen, cluster = context.cluster.url(), "started");
    let connected = Arc::new(AtomicBool::new(false));
    let (seen, asked) = (Arc::clone(&context), Arc::clone(&connected));
    let page = move |path| probes::page(Arc::clone(&seen), Arc::clone(&asked), path);
    let probes = tokio::spawn(pages::serve(listener, ended.clone(), page));
    let control = tokio::spawn(control::run(Arc::clone(&context), stop.clone()));
    let observer = tokio::spawn(observer::run(Arc::clone(&context), stop.clone()));
    let questions = tokio::spawn(questions::run(Arc::clone(&context), stop.clone()));
    Consumer::new(context, stop, connected).run().await;
    ended.cancel();
    control.await?;
    observer.await?;
    questions.await?;
    probes.await?;
    tracing::info!("stopped");
    Ok(())
}

fn healthcheck() -> anyhow::Result<()> {
    let settings: Settings = settings::load(DEFAULTS)?;
    let listen = settings.worker_listen;
    let ip = if listen.ip().is_unspecified() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        listen.ip()
    };
    let address = SocketAddr::new(ip, listen.port());
    let patience = Duration::from_secs(3);
    let mut stream = TcpStream::connect_timeout(&address, patience)
        .with_context(|| format!("no worker answers on {address}"))?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    anyhow::ensure!(
        answer.starts_with("HTTP/1.1 200"),
        "the worker on {address} is not healthy"
    );
    Ok(())
}
