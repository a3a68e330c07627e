//! `urumi store events`: the platform's stream of events, followed over breaks. The
//! place is kept from the ids that come, so that nothing is told twice or missed.

use clap::Args;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::exit::Failed;
use crate::output::{Form, plain, text};
use crate::screen;

/// Of a program ended by Ctrl-C, as shells count it.
const INTERRUPTED: u8 = 130;
/// Between the end of one stream and the next.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// Which events.
#[derive(Debug, Args)]
pub struct Which {
    /// Only those behind this one; 0 for all that is kept. From now on, if left out.
    #[arg(long)]
    after: Option<u64>,
    /// Only these types, separated by commas, such as operation.step.
    #[arg(long = "type")]
    types: Option<String>,
    /// End when all that is there was told.
    #[arg(long)]
    no_follow: bool,
}

/// Print them until Ctrl-C; one line each, as JSON Lines with `-o json`.
///
/// # Errors
/// What the API refuses, or Ctrl-C (exit code 130) with how to go on.
pub async fn tell(
    client: &Client,
    id: Option<&str>,
    which: &Which,
    form: Form,
) -> Result<(), Failed> {
    let path = id.map_or_else(
        || "/stores/events".to_owned(),
        |id| format!("/stores/{id}/events"),
    );
    let mut last = None;
    tokio::select! {
        ended = follow(client, &path, which, form, &mut last) => return ended,
        _ = tokio::signal::ctrl_c() => {}
    }
    let ended = Failed::new("no longer following").code(INTERRUPTED);
    Err(match last {
        Some(last) => ended.next(format!(
            "go on with `urumi store events{} --after {last}`",
            id.map_or_else(String::new, |id| format!(" {id}"))
        )),
        None => ended,
    })
}

async fn follow(
    client: &Client,
    path: &str,
    which: &Which,
    form: Form,
    last: &mut Option<String>,
) -> Result<(), Failed> {
    let after = which.after.map(|after| after.to_string());
    let mut query = Vec::new();
    query.extend(after.as_deref().map(|after| ("after", after)));
    query.extend(which.types.as_deref().map(|types| ("type", types)));
    query.extend(which.no_follow.then_some(("follow", "false")));
    loop {
        let mut stream = client
            .stream(path, &query, "text/event-stream", last.as_deref())
            .await?;
        let mut reader = Reader::default();
        let broken = loop {
            match stream.next().await {
                Ok(Some(piece)) => {
                    for event in reader.take(&piece, last) {
                        screen::show(&line(form, &event)?)?;
                    }
                }
                Ok(None) => break None,
                Err(why) => break Some(why),
            }
        };
        match broken {
            None if which.no_follow => return Ok(()),
            None => {}
            Some(why) => eprintln!("the stream broke off ({why}); it is taken up again"),
        }
        // Ctrl-C drops this wait: there is nothing to cancel.
        shared::wait::pause(PAUSE, &CancellationToken::new()).await;
    }
}

fn line(form: Form, event: &Value) -> Result<String, Failed> {
    Ok(match form {
        Form::Json => event.to_string(),
        Form::Yaml => format!("---\n{}", crate::output::whole(form, event)?),
        Form::Name => text(&event["id"]),
        Form::Table | Form::Wide => {
            let part = |key: &str| plain(&text(&event[key]));
            let facts: Vec<String> = event["facts"]
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| match value {
                    Value::String(text) => format!("{key}={text}"),
                    other => format!("{key}={other}"),
                })
                .collect();
            let facts = plain(&facts.join(" "));
            format!(
                "{}  {}  {:<20}  {facts}",
                part("at"),
                part("store_id"),
                part("type")
            )
        }
    })
}

/// What came of a stream and is no whole event yet.
#[derive(Debug, Default)]
struct Reader {
    open: Vec<u8>,
    body: String,
}

impl Reader {
    /// The events that this piece ends; `last` is moved on by each id.
    fn take(&mut self, piece: &[u8], last: &mut Option<String>) -> Vec<Value> {
        self.open.extend_from_slice(piece);
        let mut events = Vec::new();
        while let Some(end) = self.open.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.open.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() {
                events.extend(serde_json::from_str(&std::mem::take(&mut self.body)).ok());
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => *last = Some(value.to_owned()),
                "data" => self.body.push_str(value),
                _ => {}
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_read_however_the_stream_is_cut_and_the_place_moves_on() {
        let text = "retry: 2000\nid: 6\n\nid: 7\nevent: a\ndata: {\"n\": \"ü\"}\n\n: nothing new\nid: 9\n\n";
        for size in 1..text.len() {
            let (mut reader, mut last) = (Reader::default(), None);
            let found: Vec<Value> = text
                .as_bytes()
                .chunks(size)
                .flat_map(|piece| reader.take(piece, &mut last))
                .collect();
            assert_eq!(found, [json!({"n": "ü"})], "{size}");
            assert_eq!(last.as_deref(), Some("9"));
        }
    }

    #[test]
    fn a_line_is_for_people_and_cannot_command_the_terminal() {
        let event = json!({"id": 7, "at": "now", "type": "store.changed", "store_id": "store-k7q2mx",
            "facts": {"to": "a\u{1b}[2J", "from": null, "version": 3}});
        let printed = line(Form::Table, &event).unwrap();
        assert!(printed.ends_with("to=a [2J version=3"), "{printed}");
        assert_eq!(line(Form::Name, &event).unwrap(), "7");
        assert_eq!(line(Form::Json, &event).unwrap(), event.to_string());
    }
}
