//! `urumi audit …`.

use clap::Subcommand;

use crate::client::Client;
use crate::command::Page;
use crate::command::store::checked;
use crate::exit::Failed;
use crate::output::{self, Form};
use crate::screen;

/// What can be asked about who did what.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Who asked for what, and what became of it; oldest first.
    #[command(visible_alias = "ls")]
    List {
        /// Only about that store.
        #[arg(long)]
        store: Option<String>,
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
        Verb::List { store, page } => {
            let store = store.as_deref().map(checked).transpose()?;
            let filter = store.as_deref().map(|store| ("store_id", store));
            let answer = page
                .of(client, "/stores/audit/logs", filter.as_slice())
                .await?;
            screen::show(&output::audit(form, &answer, output::items(&answer))?)
        }
    }
}
