//! `urumi tenant …`: whose stores there are, for who runs the platform.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::command::Page;
use crate::exit::Failed;
use crate::output::{self, Form};
use crate::screen;

/// What can be done with tenants.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make one.
    Create {
        /// Lower-case letters, digits and `-`; unique.
        name: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// All of them.
    #[command(visible_alias = "ls")]
    List {
        #[command(flatten)]
        page: Page,
    },
    /// Change its limits; what is not given stays.
    Update {
        /// Its id.
        id: Uuid,
        #[command(flatten)]
        limits: Limits,
    },
}

/// Its bounds.
#[derive(Debug, Args)]
pub struct Limits {
    /// Stores at most; `none` for the platform's own limit.
    #[arg(long, value_parser = limit)]
    max_stores: Option<Value>,
    /// Operations open at once, at most; `none` for the platform's own limit.
    #[arg(long, value_parser = limit)]
    max_operations: Option<Value>,
}

impl Limits {
    fn write(self, body: &mut Value) {
        for (name, limit) in [
            ("max_stores", self.max_stores),
            ("max_operations", self.max_operations),
        ] {
            if let Some(limit) = limit {
                body[name] = limit;
            }
        }
    }
}

fn limit(text: &str) -> Result<Value, String> {
    match text {
        "none" => Ok(Value::Null),
        _ => text
            .parse::<u32>()
            .map(Value::from)
            .map_err(|_| "must be a number, or `none`".to_owned()),
    }
}

/// Do it.
///
/// # Errors
/// What stopped it, with its exit code.
pub async fn run(verb: Verb, client: &Client, form: Form) -> Result<(), Failed> {
    match verb {
        Verb::Create { name, limits } => {
            let mut body = json!({ "name": name });
            limits.write(&mut body);
            show(form, &client.post("/tenants", &body).await?)
        }
        Verb::List { page } => {
            let answer = page.of(client, "/tenants", &[]).await?;
            screen::show(&output::tenants(form, &answer, output::items(&answer))?)
        }
        Verb::Update { id, limits } => {
            let mut body = json!({});
            limits.write(&mut body);
            show(form, &client.patch(&format!("/tenants/{id}"), &body).await?)
        }
    }
}

fn show(form: Form, tenant: &Value) -> Result<(), Failed> {
    let one = std::slice::from_ref(tenant);
    screen::show(&output::tenants(form, tenant, one)?)
}
