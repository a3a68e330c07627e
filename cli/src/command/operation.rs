//! `urumi operation …`.

use clap::Subcommand;
use uuid::Uuid;

use crate::client::Client;
use crate::command::store::checked;
use crate::exit::Failed;
use crate::output::{self, Form};

/// What can be asked about operations.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// One operation, with its steps.
    Get {
        /// Its id.
        id: Uuid,
    },
    /// All that was ever asked of a store, newest first.
    #[command(visible_alias = "ls")]
    List {
        /// The store's id.
        store: String,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u16,
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
            output::operations(form, &operation, std::slice::from_ref(&operation));
            if form == Form::Table {
                output::steps(&operation);
            }
        }
        Verb::List { store, limit } => {
            let path = format!("/stores/{}/operations?limit={limit}", checked(&store)?);
            let answer = client.get(&path).await?;
            output::operations(form, &answer, &output::items(&answer));
        }
    }
    Ok(())
}
