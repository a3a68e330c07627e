//! `urumi store pods` and `urumi store logs`: what the cluster says at this moment.

use clap::Args;
use serde_json::Value;

use crate::client::Client;
use crate::command::store::checked;
use crate::exit::Failed;
use crate::output::{self, Form, plain, text};
use crate::screen;

/// Which lines.
#[derive(Debug, Args)]
pub struct Logs {
    /// The store's id.
    id: String,
    /// Only of that pod.
    #[arg(long)]
    pod: Option<String>,
    /// Only of containers of that name, such as wordpress or mysql.
    #[arg(long, short)]
    container: Option<String>,
    /// The last lines of each container, at most 1000.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    lines: u16,
    /// Of the run before the last start.
    #[arg(long, short)]
    previous: bool,
}

/// Print the last lines of a store's containers.
///
/// # Errors
/// What the API refuses, or that the cluster does not answer.
pub async fn logs(client: &Client, wanted: &Logs, form: Form) -> Result<(), Failed> {
    let lines = wanted.lines.to_string();
    let mut query = vec![("lines", lines.as_str())];
    query.extend(wanted.pod.as_deref().map(|pod| ("pod", pod)));
    let container = wanted.container.as_deref();
    query.extend(container.map(|container| ("container", container)));
    query.extend(wanted.previous.then_some(("previous", "true")));
    let path = format!("/stores/{}/logs", checked(&wanted.id)?);
    let answer = client.get_with(&path, &query).await?;
    screen::show(&match form {
        Form::Table | Form::Wide => told(&answer),
        Form::Name => each(&answer["logs"], source),
        Form::Json | Form::Yaml => output::whole(form, &answer)?,
    })
}

/// Print a store's pods, volumes and what they take.
///
/// # Errors
/// What the API refuses, or that the cluster does not answer.
pub async fn pods(client: &Client, id: &str, form: Form) -> Result<(), Failed> {
    let answer = client
        .get(&format!("/stores/{}/pods", checked(id)?))
        .await?;
    screen::show(&match form {
        Form::Table | Form::Wide => output::inside(&answer),
        Form::Name => each(&answer["pods"], |pod| text(&pod["name"])),
        Form::Json | Form::Yaml => output::whole(form, &answer)?,
    })
}

/// Lines as they are; of several containers each with where it comes from.
fn told(answer: &Value) -> String {
    let logs = answer["logs"].as_array().map_or(&[][..], Vec::as_slice);
    let several = logs.len() > 1;
    let lines = logs.iter().flat_map(|log| {
        let from = several.then(|| format!("[{}] ", source(log)));
        let from = from.unwrap_or_default();
        let lines: Vec<String> = text(&log["text"])
            .lines()
            .map(|line| format!("{from}{}", plain(line)))
            .collect();
        lines
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn source(log: &Value) -> String {
    format!("{}/{}", text(&log["pod"]), text(&log["container"]))
}

fn each(list: &Value, word: impl Fn(&Value) -> String) -> String {
    let words = list.as_array().into_iter().flatten().map(word);
    words.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_of_several_containers_say_whose_they_are_and_command_no_terminal() {
        let one = json!({"pod": "mysql-0", "container": "mysql", "text": "a\u{1b}[2J\nb\n"});
        assert_eq!(told(&json!({"logs": [one]})), "a [2J\nb");
        let two = json!({"pod": "web", "container": "wordpress", "text": "c\n"});
        assert_eq!(
            told(&json!({"logs": [one, two]})),
            "[mysql-0/mysql] a [2J\n[mysql-0/mysql] b\n[web/wordpress] c"
        );
        assert_eq!(told(&json!({"logs": []})), "");
    }
}
