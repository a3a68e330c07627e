//! `urumi login`, `logout`, `whoami` and `context …`: whose commands these are. A
//! key is read from standard input, never from the arguments, which others can see.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use clap::Subcommand;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::client::Client;
use crate::contexts::{Context, Contexts};
use crate::exit::Failed;
use crate::output::{Form, text, whole};
use crate::screen;

/// What can be done with the servers that are known.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// All of them; `*` marks the one that counts.
    #[command(visible_alias = "ls")]
    List,
    /// Let another one count.
    Use {
        /// Its name.
        name: String,
    },
}

/// Log in: try a key and keep it.
///
/// # Errors
/// What stopped it, with its exit code.
pub async fn login(mut contexts: Contexts, server: &str, name: &str) -> Result<(), Failed> {
    let key = read_key(server)?;
    let client = Client::new(server, Some(key.clone()))?;
    let you = client.get("/whoami").await?;
    let server = server.trim_end_matches('/').to_owned();
    contexts
        .all
        .insert(name.to_owned(), Context { server, key });
    contexts.current = Some(name.to_owned());
    contexts.save()?;
    let (actor, role) = (text(&you["actor"]), text(&you["role"]));
    let tenant = text(&you["tenant"]["name"]);
    screen::show(&format!("logged in as {actor}, {role} of {tenant}"))
}

/// Forget a key; it stays good until it is revoked.
///
/// # Errors
/// If it cannot be forgotten.
pub fn logout(mut contexts: Contexts) -> Result<(), Failed> {
    let Some(name) = contexts.current.take() else {
        return Err(Failed::new("nobody is logged in"));
    };
    contexts.all.remove(&name);
    contexts.save()?;
    screen::show(&format!(
        "forgot the key of `{name}`; `urumi key revoke` takes one back for good"
    ))
}

/// Tell who asks.
///
/// # Errors
/// What stopped it, with its exit code.
pub async fn whoami(client: &Client, form: Form) -> Result<(), Failed> {
    let you = client.get("/whoami").await?;
    let (actor, role) = (text(&you["actor"]), text(&you["role"]));
    match form {
        Form::Json | Form::Yaml => screen::show(&whole(form, &you)?),
        Form::Name => screen::show(&actor),
        Form::Table | Form::Wide => {
            let tenant = text(&you["tenant"]["name"]);
            screen::show(&format!("{actor}, {role} of {tenant}"))
        }
    }
}

/// Show or choose a context.
///
/// # Errors
/// If there is none of that name.
pub fn context(verb: Verb, mut contexts: Contexts) -> Result<(), Failed> {
    match verb {
        Verb::List => {
            let line = |(name, context): (&String, &Context)| {
                let counts = contexts.current.as_ref() == Some(name);
                let mark = if counts { "*" } else { " " };
                format!("{mark} {name}  {}", context.server)
            };
            let lines: Vec<String> = contexts.all.iter().map(line).collect();
            screen::show(&lines.join("\n"))
        }
        Verb::Use { name } => {
            if !contexts.all.contains_key(&name) {
                return Err(Failed::new(format!("there is no context `{name}`"))
                    .code(3)
                    .next("list them with `urumi context list`, or make one with `urumi login`"));
            }
            contexts.current = Some(name);
            contexts.save()
        }
    }
}

/// From standard input; on a terminal it is asked for and not shown.
fn read_key(server: &str) -> Result<String, Failed> {
    let input = std::io::stdin();
    let shown = input
        .is_terminal()
        .then(|| tcgetattr(&input).ok())
        .flatten();
    if let Some(shown) = &shown {
        eprint!("API key for {server}: ");
        let _ = std::io::stderr().flush();
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        let _ = tcsetattr(&input, OptionalActions::Now, &hidden);
    }
    let mut line = String::new();
    let read = input.lock().read_line(&mut line);
    if let Some(shown) = &shown {
        let _ = tcsetattr(&input, OptionalActions::Now, shown);
        eprintln!();
    }
    let key = line.trim();
    match read {
        Ok(_) if !key.is_empty() => Ok(key.to_owned()),
        Ok(_) => Err(Failed::new("no key was given")
            .code(2)
            .next("give one on standard input: urumi login < key.txt")),
        Err(error) => Err(Failed::new(format!(
            "standard input cannot be read: {error}"
        ))),
    }
}
