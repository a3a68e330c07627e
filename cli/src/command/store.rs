//! `urumi store …`.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::Client;
use crate::command::wait::until;
use crate::exit::Failed;
use crate::output::{self, Form};

/// What can be done with stores.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Ask for a store.
    Create {
        /// Its title.
        #[arg(default_value = "My Store")]
        name: String,
        #[command(flatten)]
        wait: Wait,
    },
    /// All stores, newest first.
    #[command(visible_alias = "ls")]
    List {
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u16,
    },
    /// One store.
    Get {
        /// Its id.
        id: String,
    },
    /// Remove a store with all its data.
    #[command(visible_alias = "rm")]
    Delete {
        /// Its id.
        id: String,
        #[command(flatten)]
        wait: Wait,
    },
}

/// Whether to stay until the work is done.
#[derive(Debug, Args)]
pub struct Wait {
    /// Stay until it is done; steps go to standard error.
    #[arg(long)]
    wait: bool,
    /// How long to stay, in seconds.
    #[arg(long, default_value_t = 600, requires = "wait")]
    timeout: u64,
}

impl Wait {
    fn patience(&self) -> Option<Duration> {
        self.wait.then(|| Duration::from_secs(self.timeout))
    }
}

/// Do it.
///
/// # Errors
/// What stopped it, with its exit code.
pub async fn run(verb: Verb, client: &Client, form: Form) -> Result<(), Failed> {
    match verb {
        Verb::Create { name, wait } => {
            let mut store = client.post("/stores", &json!({ "name": name })).await?;
            if let Some(patience) = wait.patience() {
                store = until(client, &output::text(&store["id"]), "Ready", patience).await?;
            }
            show(form, &store);
        }
        Verb::List { limit } => {
            let answer = client.get(&format!("/stores?limit={limit}")).await?;
            let items = answer["items"].as_array().cloned().unwrap_or_default();
            output::stores(form, &answer, &items);
        }
        Verb::Get { id } => show(
            form,
            &client.get(&format!("/stores/{}", checked(&id)?)).await?,
        ),
        Verb::Delete { id, wait } => {
            let id = checked(&id)?;
            client.delete(&format!("/stores/{id}")).await?;
            let store = match wait.patience() {
                Some(patience) => until(client, &id, "Deleted", patience).await?,
                None => client.get(&format!("/stores/{id}")).await?,
            };
            show(form, &store);
        }
    }
    Ok(())
}

fn show(form: Form, store: &Value) {
    output::stores(form, store, std::slice::from_ref(store));
}

/// An id that may stand in a path.
fn checked(id: &str) -> Result<String, Failed> {
    id.parse::<shared::ids::StoreId>()
        .map(|id| id.to_string())
        .map_err(|error| {
            Failed::new(error.to_string())
                .code(2)
                .next("urumi store list")
        })
}
