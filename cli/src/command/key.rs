//! `urumi key …`.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::client::Client;
use crate::command::Page;
use crate::exit::Failed;
use crate::output::{self, Form, text};
use crate::screen;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Look.
    Viewer,
    /// Ask for changes of stores.
    Operator,
    /// Give keys out too.
    Admin,
}

/// What can be done with API keys.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Give one out. It is printed once, alone on standard output.
    Create {
        /// What it is for.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value_t = Role::Operator)]
        role: Role,
        /// End it by itself after so many days.
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: Option<u16>,
        /// Whose it shall be, by id; for who runs the platform.
        #[arg(long)]
        tenant: Option<Uuid>,
    },
    /// All of your tenant's, newest first.
    #[command(visible_alias = "ls")]
    List {
        #[command(flatten)]
        page: Page,
    },
    /// Take one back, at once.
    Revoke {
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
        Verb::Create {
            name,
            role,
            days,
            tenant,
        } => {
            let role = role.to_possible_value();
            let mut body =
                json!({ "name": name, "role": role.as_ref().map(|role| role.get_name()) });
            if let Some(days) = days {
                let end = OffsetDateTime::now_utc() + Duration::days(i64::from(days));
                body["expires_at"] = json!(end.format(&Rfc3339).unwrap_or_default());
            }
            if let Some(tenant) = tenant {
                body["tenant_id"] = json!(tenant);
            }
            let key = client.post("/keys", &body).await?;
            shown(&key)?;
            if form.for_people() {
                eprintln!("key {} is shown this once:", text(&key["id"]));
                screen::show(&text(&key["key"]))
            } else {
                screen::show(&output::keys(form, &key, std::slice::from_ref(&key))?)
            }
        }
        Verb::List { page } => {
            let answer = page.of(client, "/keys", &[]).await?;
            screen::show(&output::keys(form, &answer, output::items(&answer))?)
        }
        Verb::Revoke { id } => {
            client.delete(&format!("/keys/{id}")).await?;
            eprintln!("revoked");
            Ok(())
        }
    }
}

/// The key itself is in the first answer alone; one that nobody has seen is of no use,
/// and open all the same.
fn shown(key: &Value) -> Result<(), Failed> {
    if key["key"].is_string() {
        return Ok(());
    }
    let id = text(&key["id"]);
    Err(Failed::new(format!(
        "the first answer with the key {id} was lost, and it is shown once"
    ))
    .next(format!(
        "take it back with `urumi key revoke {id}`, and ask for another one: the same command again"
    )))
}
