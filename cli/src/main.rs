//! `urumi`: the platform on the command line. Reads arguments, runs one
//! command, turns its end into an exit code; nothing else.

mod client;
mod command;
mod contexts;
mod exit;
mod output;
mod screen;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use serde::Deserialize;
use shared::settings::Defaults;

use crate::client::Client;
use crate::command::{
    audit, dead_letter, doctor, key, login, operation, reconciliation, store, tenant,
};
use crate::contexts::Contexts;
use crate::exit::Failed;
use crate::output::Form;

/// Stores of the Urumi platform, from the command line.
#[derive(Debug, Parser)]
#[command(name = "urumi", version, propagate_version = true, after_help = exit::HELP)]
struct Arguments {
    /// Address of the platform's API; if left out, where you logged in last, or
    /// else http://localhost:3000.
    #[arg(long, env = "URUMI_API", global = true)]
    server: Option<String>,

    /// How to print what is answered; json is the API's own shape.
    #[arg(short, long, value_enum, default_value_t = Form::Table, global = true)]
    output: Form,

    #[command(subcommand)]
    noun: Noun,
}

/// What variables say beside the arguments: a key is no argument, because those
/// can be seen by others. URUMI_API_KEY_FILE may name a file that holds it.
#[derive(Deserialize)]
struct Own {
    api_key: Option<String>,
    xdg_config_home: Option<PathBuf>,
}

const NO_DEFAULTS: Defaults = Defaults {
    base: "",
    local: "",
    prod: "",
};

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
    /// Give API keys out and take them back.
    #[command(subcommand)]
    Key(key::Verb),
    /// Make tenants and bound them; for who runs the platform.
    #[command(subcommand)]
    Tenant(tenant::Verb),
    /// Keep a server and a key, read from standard input. URUMI_API_KEY does without.
    Login {
        /// The name to keep them under.
        #[arg(long, default_value = "default")]
        context: String,
    },
    /// Forget the key that counts.
    Logout,
    /// Tell who you are to the server.
    Whoami,
    /// List servers that you logged in to, or change to another one.
    #[command(subcommand)]
    Context(login::Verb),
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
    let own: Own = shared::settings::load(NO_DEFAULTS)
        .map_err(|error| Failed::new(shared::telemetry::chain(&error)).code(2))?;
    let contexts = || Contexts::load(own.xdg_config_home.as_deref());
    let resolved = || -> Result<(String, Option<String>), Failed> {
        let key = own.api_key.as_deref();
        Ok(contexts()?.resolve(arguments.server.as_deref(), key))
    };
    let client = || {
        shared::telemetry::install_tls_provider();
        let (server, key) = resolved()?;
        Client::new(&server, key)
    };
    match arguments.noun {
        Noun::Store(verb) => store::run(verb, &client()?, form).await,
        Noun::Operation(verb) => operation::run(verb, &client()?, form).await,
        Noun::Audit(verb) => audit::run(verb, &client()?, form).await,
        Noun::Reconciliation(verb) => reconciliation::run(verb, &client()?, form).await,
        Noun::DeadLetter(verb) => dead_letter::run(verb, &client()?, form).await,
        Noun::Key(verb) => key::run(verb, &client()?, form).await,
        Noun::Tenant(verb) => tenant::run(verb, &client()?, form).await,
        Noun::Login { context } => {
            shared::telemetry::install_tls_provider();
            login::login(contexts()?, &resolved()?.0, &context).await
        }
        Noun::Logout => login::logout(contexts()?),
        Noun::Whoami => login::whoami(&client()?, form).await,
        Noun::Context(verb) => login::context(verb, contexts()?),
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

    /// The words of a line, as a shell would give them; none where it does more.
    fn words(line: &str) -> Option<Vec<String>> {
        let line = line.split(" #").next().unwrap_or_default();
        let line = line.split(" <").next().unwrap_or_default();
        let line = line.split(" >").next().unwrap_or_default();
        if line.contains(['$', '|', ';', '\\', '…', '<']) {
            return None;
        }
        let mut words = Vec::new();
        for (place, part) in line.split('"').enumerate() {
            match place % 2 {
                0 => words.extend(part.split_whitespace().map(str::to_owned)),
                _ => words.push(part.to_owned()),
            }
        }
        Some(words)
    }

    #[test]
    fn every_command_of_the_pages_is_one() {
        let pages = [
            include_str!("../../README.md"),
            include_str!("../../docs/CLI.md"),
            include_str!("../../docs/FOR-OPERATORS.md"),
            include_str!("../../docs/OPERATING.md"),
            include_str!("../../docs/RUNBOOK.md"),
        ];
        let mut count = 0;
        let lines = pages.iter().flat_map(|page| page.lines());
        for line in lines.filter(|line| line.starts_with("urumi ")) {
            let Some(words) = words(line) else { continue };
            if let Err(error) = Arguments::try_parse_from(words) {
                panic!("{line}: {error}");
            }
            count += 1;
        }
        assert!(count > 50, "only {count} commands were found");
    }

    #[test]
    fn the_page_about_it_names_every_command_and_every_exit_code() {
        fn leaves(command: &clap::Command, said: &str, all: &mut Vec<String>) {
            let said = format!("{said} {}", command.get_name());
            match command.has_subcommands() {
                true => command
                    .get_subcommands()
                    .for_each(|inner| leaves(inner, &said, all)),
                false => all.push(said.trim().to_owned()),
            }
        }
        let page = include_str!("../../docs/CLI.md");
        let mut all = Vec::new();
        leaves(&Arguments::command(), "", &mut all);
        assert!(all.len() > 30, "{all:?}");
        for command in all {
            let named = page
                .lines()
                .any(|line| line == command || line.starts_with(&format!("{command} ")));
            assert!(named, "docs/CLI.md does not show `{command}`");
        }
        let codes = exit::HELP.split("Examples").next().unwrap_or_default();
        let numbers: Vec<&str> = codes
            .split(|letter: char| !letter.is_ascii_digit())
            .filter(|number| !number.is_empty())
            .collect();
        assert_eq!(numbers, ["0", "1", "2", "3", "4", "5", "6", "130"]);
        for number in numbers {
            assert!(page.contains(&format!("\n| {number} |")), "{number}");
        }
    }
}
