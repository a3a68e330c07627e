//! `urumi`: the platform on the command line. Reads arguments, runs one
//! command, turns its end into an exit code; nothing else.

mod client;
mod command;
mod exit;
mod output;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::client::Client;
use crate::command::{dead_letter, operation, store};
use crate::output::Form;

/// Stores of the Urumi platform, from the command line.
#[derive(Debug, Parser)]
#[command(name = "urumi", version, propagate_version = true, after_help = exit::HELP)]
struct Arguments {
    /// Address of the platform's API.
    #[arg(
        long,
        env = "URUMI_API",
        default_value = "http://localhost:3000",
        global = true
    )]
    server: String,

    /// How to print what is answered; json is the API's own shape.
    #[arg(short, long, value_enum, default_value_t = Form::Table, global = true)]
    output: Form,

    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Create, look at and remove stores.
    #[command(subcommand)]
    Store(store::Verb),
    /// Look at what was asked of stores.
    #[command(subcommand)]
    Operation(operation::Verb),
    /// Look at messages that nobody could use, and try them again.
    #[command(subcommand)]
    DeadLetter(dead_letter::Verb),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shared::telemetry::install_tls_provider();
    let arguments = Arguments::parse();
    let ended = match Client::new(&arguments.server) {
        Ok(client) => match arguments.noun {
            Noun::Store(verb) => store::run(verb, &client, arguments.output).await,
            Noun::Operation(verb) => operation::run(verb, &client, arguments.output).await,
            Noun::DeadLetter(verb) => dead_letter::run(verb, &client, arguments.output).await,
        },
        Err(error) => Err(error),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}
