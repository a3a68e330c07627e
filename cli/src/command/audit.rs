//! `urumi audit …`.

mod export;
mod verify;

use std::path::PathBuf;

use clap::Subcommand;

pub use self::verify::Place;
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
    /// Walk the chain of hashes; fails (exit code 1) if a row was tampered with.
    Verify {
        /// A head that was kept elsewhere, as this command printed it: `SEQ:HASH`.
        #[arg(long, value_name = "SEQ:HASH")]
        head: Option<Place>,
        /// Begin behind this row, which is known to be good: `SEQ:HASH`.
        #[arg(long, value_name = "SEQ:HASH")]
        from: Option<Place>,
    },
    /// Write your audit as signed JSON Lines, oldest first.
    Export {
        /// Into that file; to standard output without one.
        #[arg(long)]
        file: Option<PathBuf>,
        /// Only rows behind this one.
        #[arg(long)]
        from_seq: Option<u64>,
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
        Verb::Verify { head, from } => verify::run(client, form, head, from).await,
        Verb::Export { file, from_seq } => export::run(client, file.as_deref(), from_seq).await,
    }
}
