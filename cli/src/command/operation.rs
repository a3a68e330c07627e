//! `urumi operation …`.

use clap::Subcommand;
use serde_json::Value;
use uuid::Uuid;

use crate::client::Client;
use crate::command::Page;
use crate::command::store::checked;
use crate::command::wait::{Patience, operation_ended};
use crate::exit::Failed;
use crate::output::{self, Form};
use crate::screen;

/// What can be asked about operations.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// One operation, with its steps.
    Get {
        /// Its id.
        id: Uuid,
    },
    /// Stay until an operation has ended; its steps go to standard error.
    Watch {
        /// Its id.
        id: Uuid,
        #[command(flatten)]
        patience: Patience,
    },
    /// All that was ever asked of a store, newest first.
    #[command(visible_alias = "ls")]
    List {
        /// The store's id.
        store: String,
        #[command(flatten)]
        page: Page,
    },
}

/// Do it.
///
/// # Errors
/// What stopped it, with its exit code.
pub async fn run(verb: Verb, client: &Client, form: Form) -> Result<(), Failed> {
    match verb {
        Verb::Get { id } => {
            let operation = client.get(&format!("/operations/{id}")).await?;
            show(form, &operation)?;
            if form.for_people() {
                screen::show(&output::operation_details(&operation))?;
            }
            Ok(())
        }
        Verb::Watch { id, patience } => {
            let operation = operation_ended(client, id, &patience).await?;
            show(form, &operation)
        }
        Verb::List { store, page } => {
            let path = format!("/stores/{}/operations", checked(&store)?);
            let answer = page.of(client, &path, &[]).await?;
            screen::show(&output::operations(form, &answer, output::items(&answer))?)
        }
    }
}

fn show(form: Form, operation: &Value) -> Result<(), Failed> {
    let one = std::slice::from_ref(operation);
    screen::show(&output::operations(form, operation, one)?)
}
