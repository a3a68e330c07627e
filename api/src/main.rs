//! Starts the program: `serve`, `migrate`, `openapi`, `healthcheck`, `key`; nothing
//! else. What stops it is said in two lines: what, and what to do.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use api::bootstrap::{self, Keyring};
use api::migrate;
use api::server::Server;
use api::settings::{Settings, help};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use shared::{shutdown, telemetry};

/// The api of the Urumi Store Platform.
#[derive(Debug, Parser)]
#[command(name = "urumi-api", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Answer requests, publish commands, take in events.
    Serve,
    /// Bring the database's tables to this version's state.
    Migrate {
        /// How long to wait for a database that is not there yet.
        #[arg(long, default_value_t = 0)]
        wait_seconds: u64,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Ask a running server whether it is ready (for containers).
    Healthcheck,
    /// Make an API key and print it, once; the first one is made so. Needs
    /// DATABASE_URL alone.
    Key {
        /// The tenant's name; `local` is the platform's own.
        #[arg(long, default_value = "local")]
        tenant: String,
        /// viewer, operator or admin.
        #[arg(long, default_value = "admin")]
        role: String,
        /// What it is for.
        #[arg(long, default_value = "first key")]
        name: String,
    },
}

#[actix_web::main]
async fn main() -> ExitCode {
    let shape = Arguments::command().after_help(help::settings());
    let arguments = Arguments::from_arg_matches(&shape.get_matches());
    let Arguments { command } = arguments.unwrap_or_else(|error| error.exit());
    match run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut said = error.to_string();
            eprintln!("error: {said}");
            for cause in error.chain().skip(1).map(ToString::to_string) {
                // Some errors repeat their cause in their own words.
                if !said.contains(&cause) {
                    eprintln!("  because: {cause}");
                }
                said = cause;
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    const WRONG: &str = "the settings cannot be used (`urumi-api --help` names them all)";
    match command {
        Command::Openapi => std::io::stdout()
            .write_all(api::openapi::json().as_bytes())
            .context("cannot print"),
        Command::Key { tenant, role, name } => {
            let keyring = Keyring::load().context(WRONG)?;
            let key = bootstrap::key(&keyring, &tenant, &role, &name).await?;
            println!("{key}");
            Ok(())
        }
        Command::Serve | Command::Migrate { .. } | Command::Healthcheck => {
            let settings = Settings::load().context(WRONG)?;
            telemetry::install_tls_provider();
            let base = &settings.base;
            let telemetry = telemetry::init(base.log_format, &base.log, &settings.collector);
            let done = with(settings, command).await;
            telemetry.end();
            done
        }
    }
}

async fn with(settings: Settings, command: Command) -> Result<()> {
    match command {
        Command::Migrate { wait_seconds } => {
            let (url, stop) = (&settings.base.database_url, shutdown::on_signal()?);
            let patience = Duration::from_secs(wait_seconds);
            Ok(migrate::run_within(url, patience, &stop).await?)
        }
        Command::Healthcheck => Ok(api::healthcheck::ask(settings.http.listen)?),
        _ => {
            let stop = shutdown::on_signal()?;
            Ok(Server::bind(settings)?.run(stop).await?)
        }
    }
}
