//! `urumi dead-letter …`.

use clap::Subcommand;
use serde_json::json;
use uuid::Uuid;

use crate::client::Client;
use crate::exit::Failed;
use crate::output::{self, Form};

/// What can be done with messages that nobody could use.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// All of them, newest first.
    #[command(visible_alias = "ls")]
    List {
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u16,
    },
    /// Use one after all.
    Replay {
        /// Its id.
        id: Uuid,
    },
}

/// Do it.
///
/// # Errors
/// What stopped it, with its exit code.
pub async fn run(verb: Verb, client: &Client, form: Form) -> Result<(), Failed> {
    match verb {
        Verb::List { limit } => {
            let answer = client.get(&format!("/dead-letters?limit={limit}")).await?;
            output::dead_letters(form, &answer, &output::items(&answer));
        }
        Verb::Replay { id } => {
            let path = format!("/dead-letters/{id}/replay");
            let letter = client.post(&path, &json!({})).await?;
            output::dead_letters(form, &letter, std::slice::from_ref(&letter));
        }
    }
    Ok(())
}
