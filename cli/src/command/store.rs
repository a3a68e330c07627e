//! `urumi store …`.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::Client;
use crate::command::wait::{settled, until};
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
    /// Change a store; what is not given stays.
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
    Update {
        /// Its id.
        id: String,
        /// Its title.
        #[arg(long, group = "change")]
        name: Option<String>,
        /// Its size: small, medium or large.
        #[arg(long, group = "change")]
        plan: Option<String>,
        /// Number of its web pods.
        #[arg(long, group = "change")]
        replicas: Option<u32>,
        /// Tag of its web image.
        #[arg(long, group = "change")]
        image: Option<String>,
        /// Version of its chart.
        #[arg(long, group = "change")]
        chart: Option<String>,
        #[command(flatten)]
        wait: Wait,
    },
    /// Move a store to other versions; without any, to the newest.
    Upgrade {
        /// Its id.
        id: String,
        /// Version of its chart.
        #[arg(long)]
        chart: Option<String>,
        /// Tag of its web image.
        #[arg(long)]
        image: Option<String>,
        #[command(flatten)]
        wait: Wait,
    },
    /// Once more what did not succeed.
    Retry {
        /// Its id.
        id: String,
        #[command(flatten)]
        wait: Wait,
    },
    /// End what is being done about a store.
    Cancel {
        /// Its id.
        id: String,
        #[command(flatten)]
        wait: Wait,
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
            output::stores(form, &answer, &output::items(&answer));
        }
        Verb::Get { id } => {
            let store = client.get(&format!("/stores/{}", checked(&id)?)).await?;
            show(form, &store);
            if form == Form::Table {
                output::details(&store);
            }
        }
        Verb::Update {
            id,
            name,
            plan,
            replicas,
            image,
            chart,
            wait,
        } => {
            let change = given([
                ("name", name.map(Value::from)),
                ("plan", plan.map(Value::from)),
                ("replicas", replicas.map(Value::from)),
                ("image", image.map(Value::from)),
                ("chart", chart.map(Value::from)),
            ]);
            let path = format!("/stores/{}", checked(&id)?);
            let store = client.patch(&path, &change).await?;
            show(form, &settled(client, store, wait.patience()).await?);
        }
        Verb::Upgrade {
            id,
            chart,
            image,
            wait,
        } => {
            let to = given([
                ("chart", chart.map(Value::from)),
                ("image", image.map(Value::from)),
            ]);
            show(form, &act(client, &id, "upgrade", &to, &wait).await?);
        }
        Verb::Retry { id, wait } => {
            show(form, &act(client, &id, "retry", &json!({}), &wait).await?);
        }
        Verb::Cancel { id, wait } => {
            show(form, &act(client, &id, "cancel", &json!({}), &wait).await?);
        }
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

/// The fields that were given.
fn given<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

async fn act(
    client: &Client,
    id: &str,
    verb: &str,
    body: &Value,
    wait: &Wait,
) -> Result<Value, Failed> {
    let path = format!("/stores/{}/{verb}", checked(id)?);
    let store = client.post(&path, body).await?;
    settled(client, store, wait.patience()).await
}

fn show(form: Form, store: &Value) {
    output::stores(form, store, std::slice::from_ref(store));
}

/// An id that may stand in a path.
///
/// # Errors
/// That it is none (exit code 2).
pub fn checked(id: &str) -> Result<String, Failed> {
    id.parse::<shared::ids::StoreId>()
        .map(|id| id.to_string())
        .map_err(|error| {
            Failed::new(error.to_string())
                .code(2)
                .next("urumi store list")
        })
}
