//! `urumi dead-letter …`.

use clap::Subcommand;
use serde_json::json;
use uuid::Uuid;

use crate::client::Client;
use crate::command::Page;
use crate::exit::Failed;
use crate::output::{self, Form};
use crate::screen;

/// What can be done with messages that nobody could use.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// All of them, newest first.
    #[command(visible_alias = "ls")]
    List {
        #[command(flatten)]
        page: Page,
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
        Verb::List { page } => {
            let answer = page.of(client, "/dead-letters", &[]).await?;
            screen::show(&output::dead_letters(
                form,
                &answer,
                output::items(&answer),
            )?)
        }
        Verb::Replay { id } => {
            let path = format!("/dead-letters/{id}/replay");
            let letter = client.post(&path, &json!({})).await?;
            let one = std::slice::from_ref(&letter);
            screen::show(&output::dead_letters(form, &letter, one)?)
        }
    }
}
