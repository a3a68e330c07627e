//! `urumi store …`.

mod inside;
mod visit;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::Client;
use crate::command::Page;
use crate::command::events::{self, Which};
use crate::command::wait::{Wait, store_is, store_settled};
use crate::exit::Failed;
use crate::output::{self, Form, text};
use crate::screen;

/// What can be done with stores.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Ask for a store.
    Create {
        /// Its title; `My Store` without one.
        name: Option<String>,
        /// Its size: small, medium or large.
        #[arg(long)]
        plan: Option<String>,
        /// E-mail address of its owner.
        #[arg(long)]
        email: Option<String>,
        #[command(flatten)]
        wait: Wait,
    },
    /// All stores, newest first.
    #[command(visible_alias = "ls")]
    List {
        /// Only those of that status, such as Ready or Failed.
        #[arg(long)]
        status: Option<String>,
        /// Only those of that health, such as Degraded.
        #[arg(long)]
        health: Option<String>,
        /// Only those with that label, `team=north`; again for several.
        #[arg(long, value_name = "KEY=VALUE")]
        label: Vec<String>,
        /// Only those of which a word begins so.
        #[arg(long, short = 'q', value_name = "WORD")]
        search: Option<String>,
        /// Sorted by created_at, updated_at or name; with `-`, the other way round.
        #[arg(long, allow_hyphen_values = true)]
        sort: Option<String>,
        /// Those that were deleted, too.
        #[arg(long)]
        include_deleted: bool,
        #[command(flatten)]
        page: Page,
    },
    /// One store.
    Get {
        /// Its id.
        id: String,
    },
    /// Open a store's front page in a browser.
    Open {
        /// Its id.
        id: String,
    },
    /// A link into a shop's admin, for its owner: once, within a minute.
    Login {
        /// Its id.
        id: String,
        /// Open it in a browser, and do not print it.
        #[arg(long)]
        open: bool,
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
        /// A label to set, `team=north`; without a value (`team=`) it is taken away.
        #[arg(long, group = "change", value_name = "KEY=VALUE", value_parser = label)]
        label: Vec<(String, Value)>,
        /// Whether a delete is refused.
        #[arg(long, group = "change", value_name = "true|false")]
        protect: Option<bool>,
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
    /// Go back to the chart and image before the last change of them.
    Rollback(Wish),
    /// Let a store rest: it takes no memory and serves nobody, its data stays.
    Suspend(Wish),
    /// Let a suspended store serve again.
    Resume(Wish),
    /// Once more what did not succeed.
    Retry(Wish),
    /// End what is being done about a store.
    Cancel(Wish),
    /// Remove a store with all its data.
    #[command(visible_alias = "rm")]
    Delete {
        /// At once, though it could be undone for a while (docs/STATES.md).
        #[arg(long)]
        now: bool,
        #[command(flatten)]
        wish: Wish,
    },
    /// The last lines that its containers wrote.
    Logs(inside::Logs),
    /// Its pods, its volumes, and what it takes of its plan.
    Pods {
        /// Its id.
        id: String,
    },
    /// What happens to a store, as it happens; to all of them without an id.
    Events {
        /// Its id.
        id: Option<String>,
        #[command(flatten)]
        which: Which,
    },
}

/// A store, and whether to stay until what is asked of it has ended.
#[derive(Debug, Args)]
pub struct Wish {
    /// Its id.
    id: String,
    #[command(flatten)]
    wait: Wait,
}

/// Do it.
///
/// # Errors
/// What stopped it, with its exit code.
pub async fn run(verb: Verb, client: &Client, form: Form) -> Result<(), Failed> {
    match verb {
        Verb::Create {
            name,
            plan,
            email,
            wait,
        } => {
            let wish = given([
                ("name", name.map(Value::from)),
                ("plan", plan.map(Value::from)),
                ("admin_email", email.map(Value::from)),
            ]);
            let mut store = client.post("/stores", &wish).await?;
            if let Some(patience) = wait.patience() {
                store = store_is(client, &text(&store["id"]), "Ready", &patience).await?;
            }
            show(form, &store)
        }
        Verb::List {
            status,
            health,
            label,
            search,
            sort,
            include_deleted,
            page,
        } => {
            let labels: Vec<_> = label
                .iter()
                .map(|text| text.replacen('=', ":", 1))
                .collect();
            let mut filters: Vec<_> = labels.iter().map(|text| ("label", text.as_str())).collect();
            filters.extend(health.as_deref().map(|health| ("health", health)));
            filters.extend(search.as_deref().map(|word| ("q", word)));
            filters.extend(sort.as_deref().map(|sort| ("sort", sort)));
            filters.extend(status.as_deref().map(|status| ("status", status)));
            filters.extend(include_deleted.then_some(("include_deleted", "true")));
            let answer = page.of(client, "/stores", &filters).await?;
            screen::show(&output::stores(form, &answer, output::items(&answer))?)
        }
        Verb::Get { id } => {
            let store = client.get(&format!("/stores/{}", checked(&id)?)).await?;
            show(form, &store)?;
            if form.for_people() {
                screen::show(&format!("\n{}", output::store_details(&store)))?;
            }
            Ok(())
        }
        Verb::Open { id } => {
            let store = client.get(&format!("/stores/{}", checked(&id)?)).await?;
            visit::browse(&store)
        }
        Verb::Login { id, open } => {
            let path = format!("/stores/{}/login-link", checked(&id)?);
            visit::log_in(&client.post(&path, &json!({})).await?, open)
        }
        Verb::Update {
            id,
            name,
            plan,
            replicas,
            image,
            chart,
            label,
            protect,
            wait,
        } => {
            let labels = (!label.is_empty()).then(|| label.into_iter().collect());
            let change = given([
                ("labels", labels),
                ("deletion_protection", protect.map(Value::from)),
                ("name", name.map(Value::from)),
                ("plan", plan.map(Value::from)),
                ("replicas", replicas.map(Value::from)),
                ("image", image.map(Value::from)),
                ("chart", chart.map(Value::from)),
            ]);
            let path = format!("/stores/{}", checked(&id)?);
            let store = client.patch(&path, &change).await?;
            show(form, &settled(client, store, &wait).await?)
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
            let path = format!("/stores/{}/upgrade", checked(&id)?);
            let store = client.post(&path, &to).await?;
            show(form, &settled(client, store, &wait).await?)
        }
        Verb::Rollback(wish) => act(client, form, "rollback", wish).await,
        Verb::Suspend(wish) => act(client, form, "suspend", wish).await,
        Verb::Resume(wish) => act(client, form, "resume", wish).await,
        Verb::Retry(wish) => act(client, form, "retry", wish).await,
        Verb::Cancel(wish) => act(client, form, "cancel", wish).await,
        Verb::Delete {
            now,
            wish: Wish { id, wait },
        } => {
            let id = checked(&id)?;
            let query = if now { "?now=true" } else { "" };
            let operation = client.delete(&format!("/stores/{id}{query}")).await?;
            let held = operation["not_before"].as_str();
            if let Some(until) = held {
                eprintln!(
                    "It is removed at {until}; until then `urumi store cancel {id}` keeps it, and `urumi store delete {id} --now` does not wait."
                );
            }
            let store = match wait.patience().filter(|_| held.is_none()) {
                Some(patience) => store_is(client, &id, "Deleted", &patience).await?,
                None => client.get(&format!("/stores/{id}")).await?,
            };
            show(form, &store)
        }
        Verb::Logs(wanted) => inside::logs(client, &wanted, form).await,
        Verb::Pods { id } => inside::pods(client, &id, form).await,
        Verb::Events { id, which } => {
            let id = id.as_deref().map(checked).transpose()?;
            events::tell(client, id.as_deref(), &which, form).await
        }
    }
}

/// `team=north` as a label to set, `team=` as one to take away.
fn label(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    let value = if value.is_empty() {
        Value::Null
    } else {
        value.into()
    };
    Ok((key.to_owned(), value))
}

/// The fields that were given.
fn given<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

async fn act(client: &Client, form: Form, verb: &str, wish: Wish) -> Result<(), Failed> {
    let path = format!("/stores/{}/{verb}", checked(&wish.id)?);
    let store = client.post(&path, &json!({})).await?;
    show(form, &settled(client, store, &wish.wait).await?)
}

async fn settled(client: &Client, store: Value, wait: &Wait) -> Result<Value, Failed> {
    match wait.patience() {
        Some(patience) => store_settled(client, store, &patience).await,
        None => Ok(store),
    }
}

fn show(form: Form, store: &Value) -> Result<(), Failed> {
    let one = std::slice::from_ref(store);
    screen::show(&output::stores(form, store, one)?)
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
