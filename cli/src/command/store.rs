//! `urumi store …`.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::client::Client;
use crate::command::Page;
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
            include_deleted,
            page,
        } => {
            let mut filters = Vec::new();
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
            browse(&store)
        }
        Verb::Login { id, open } => {
            let path = format!("/stores/{}/login-link", checked(&id)?);
            log_in(&client.post(&path, &json!({})).await?, open)
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
            show(form, &act(client, &id, "upgrade", &to, &wait).await?)
        }
        Verb::Retry { id, wait } => {
            show(form, &act(client, &id, "retry", &json!({}), &wait).await?)
        }
        Verb::Cancel { id, wait } => {
            show(form, &act(client, &id, "cancel", &json!({}), &wait).await?)
        }
        Verb::Delete { id, wait } => {
            let id = checked(&id)?;
            client.delete(&format!("/stores/{id}")).await?;
            let store = match wait.patience() {
                Some(patience) => store_is(client, &id, "Deleted", &patience).await?,
                None => client.get(&format!("/stores/{id}")).await?,
            };
            show(form, &store)
        }
    }
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
    settled(client, store, wait).await
}

async fn settled(client: &Client, store: Value, wait: &Wait) -> Result<Value, Failed> {
    match wait.patience() {
        Some(patience) => store_settled(client, &text(&store["id"]), &patience).await,
        None => Ok(store),
    }
}

fn show(form: Form, store: &Value) -> Result<(), Failed> {
    let one = std::slice::from_ref(store);
    screen::show(&output::stores(form, store, one)?)
}

/// The address is printed in any case: not every machine has a browser.
fn browse(store: &Value) -> Result<(), Failed> {
    let (id, status, url) = (
        text(&store["id"]),
        text(&store["status"]),
        text(&store["url"]),
    );
    if status != "Ready" {
        return Err(Failed::new(format!("{id} is {status}, not Ready"))
            .code(5)
            .next(format!("look at it with `urumi store get {id}`")));
    }
    screen::show(&url)?;
    if let Err(error) = open::that_detached(&url) {
        eprintln!("no browser could be started ({error}); open the address by hand");
    }
    Ok(())
}

/// The link lets in whoever has it; so it is printed only when nobody opens it here.
fn log_in(link: &Value, open: bool) -> Result<(), Failed> {
    let Some(url) = link["url"].as_str() else {
        return Err(Failed::new("the first answer with the link was lost")
            .next("ask for another one: the same command again"));
    };
    if !open {
        return screen::show(url);
    }
    open::that_detached(url).map_err(|error| {
        Failed::new(format!("no browser could be started ({error})"))
            .next("leave --open out, and open the link by hand")
    })
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
