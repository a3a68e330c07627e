//! `urumi reconciliation …`: where the records and the cluster differ.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::client::Client;
use crate::command::store::checked;
use crate::exit::Failed;
use crate::output::{self, Form, text};
use crate::screen;

/// What can be done about differences.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Where the records and the cluster differ. Changes nothing.
    Show,
    /// Make records of stores that only the cluster knows.
    Adopt {
        /// Their ids.
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Remove stores that only the cluster knows, with all their data.
    Purge {
        /// Their ids.
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

/// Do it.
///
/// # Errors
/// What stopped it, with its exit code.
pub async fn run(verb: Verb, client: &Client, form: Form) -> Result<(), Failed> {
    match verb {
        Verb::Show => {
            let answer = client.get("/reconciliation").await?;
            screen::show(&output::differences(form, &answer, output::items(&answer))?)?;
            if form.for_people() {
                tell_how_it_was_compared(&answer);
            }
            Ok(())
        }
        Verb::Adopt { ids } => act(client, form, "adopt", &ids).await,
        Verb::Purge { ids } => act(client, form, "purge", &ids).await,
    }
}

fn tell_how_it_was_compared(answer: &Value) {
    let inventory = &answer["inventory"];
    let (namespaces, age) = (&inventory["namespaces"], &inventory["age_seconds"]);
    if inventory.is_object() {
        eprintln!("compared with {namespaces} namespaces, seen {age} s ago");
    } else {
        eprintln!("no worker has told yet what the cluster has");
    }
    let refusal = text(&answer["refusal"]);
    if !refusal.is_empty() {
        eprintln!("adopt and purge are refused for now: {refusal}");
    }
}

async fn act(client: &Client, form: Form, verb: &str, ids: &[String]) -> Result<(), Failed> {
    let ids: Vec<String> = ids.iter().map(|id| checked(id)).collect::<Result<_, _>>()?;
    let path = format!("/reconciliation/{verb}");
    let answer = client.post(&path, &json!({ "store_ids": ids })).await?;
    screen::show(&output::operations(form, &answer, output::items(&answer))?)
}
