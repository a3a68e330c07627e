//! `urumi`: the platform on the command line. Reads arguments, runs one
//! command, turns its end into an exit code; nothing else.

mod client;
mod command;
mod exit;
mod output;
mod screen;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::client::Client;
use crate::command::{audit, dead_letter, doctor, operation, reconciliation, store};
use crate::exit::Failed;
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
    /// Look at who asked for what, and what became of it.
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Look at where the records and the cluster differ, and settle it.
    #[command(subcommand)]
    Reconciliation(reconciliation::Verb),
    /// Look at messages that nobody could use, and try them again.
    #[command(subcommand)]
    DeadLetter(dead_letter::Verb),
    /// Find what is wrong between here and a shop, and what to do.
    Doctor,
    /// Print what a shell needs to complete these commands.
    Completion {
        /// For that shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the version.
    Version,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}

async fn run(arguments: Arguments) -> Result<(), Failed> {
    let form = arguments.output;
    let client = || {
        shared::telemetry::install_tls_provider();
        Client::new(&arguments.server)
    };
    match arguments.noun {
        Noun::Store(verb) => store::run(verb, &client()?, form).await,
        Noun::Operation(verb) => operation::run(verb, &client()?, form).await,
        Noun::Audit(verb) => audit::run(verb, &client()?, form).await,
        Noun::Reconciliation(verb) => reconciliation::run(verb, &client()?, form).await,
        Noun::DeadLetter(verb) => dead_letter::run(verb, &client()?, form).await,
        Noun::Doctor => doctor::run(&client()?, form).await,
        Noun::Completion { shell } => complete(shell),
        Noun::Version => screen::show(concat!("urumi ", env!("CARGO_PKG_VERSION"))),
    }
}

fn complete(shell: Shell) -> Result<(), Failed> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "urumi", &mut script);
    screen::show(&String::from_utf8_lossy(&script))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
