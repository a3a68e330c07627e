//! What can be asked, one module a noun.

pub mod audit;
pub mod dead_letter;
pub mod doctor;
pub mod events;
pub mod key;
pub mod login;
pub mod operation;
pub mod reconciliation;
pub mod store;
pub mod tenant;
pub mod wait;

use clap::Args;
use serde_json::Value;

use crate::client::Client;
use crate::exit::Failed;
use crate::output::text;

/// Which page of a list.
#[derive(Debug, Args)]
pub struct Page {
    /// At most so many, up to 200.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
    /// Go on where another page ended: what it said at its end.
    #[arg(long)]
    cursor: Option<String>,
}

impl Page {
    /// Ask for it, with these filters; whoever reads is told how to go on.
    ///
    /// # Errors
    /// The API's problem, or that it does not answer.
    pub async fn of(
        &self,
        client: &Client,
        path: &str,
        filters: &[(&str, &str)],
    ) -> Result<Value, Failed> {
        let limit = self.limit.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(self.cursor.as_deref().map(|cursor| ("cursor", cursor)));
        query.extend(filters);
        let answer = client.get_with(path, &query).await?;
        let next = text(&answer["next_cursor"]);
        if !next.is_empty() {
            eprintln!("there are more; go on with --cursor {next}");
        }
        Ok(answer)
    }
}
