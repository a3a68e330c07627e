//! Starts the program: `serve`, `migrate`, `openapi`, `healthcheck`; nothing else.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use api::migrate;
use api::server::Server;
use api::settings::Settings;
use clap::{Parser, Subcommand};
use shared::{shutdown, telemetry};

/// The api of the Urumi Store Platform.
#[derive(Debug, Parser)]
#[command(name = "urumi-api", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Answer requests, publish commands, take in events.
    Serve,
    /// Bring the database's tables to this version's state.
    Migrate,
    /// Print the OpenAPI document.
    Openapi,
    /// Ask a running server whether it is ready (for containers).
    Healthcheck,
}

#[actix_web::main]
async fn main() -> Result<()> {
    let Arguments { command } = Arguments::parse();
    if let Command::Openapi = command {
        return std::io::stdout()
            .write_all(api::openapi::json().as_bytes())
            .context("cannot print");
    }
    let settings = Settings::load()
        .context("reading the settings (DATABASE_URL and AMQP_URL are required)")?;
    telemetry::init(settings.base.log_format, &settings.base.log);
    telemetry::install_tls_provider();
    match command {
        Command::Serve => {
            let stop = shutdown::on_signal()?;
            Server::bind(settings)?.run(stop).await?;
        }
        Command::Migrate => migrate::run(&settings.base.database_url).await?,
        Command::Healthcheck => api::server::ask(settings.http.listen)?,
        Command::Openapi => {}
    }
    Ok(())
}
