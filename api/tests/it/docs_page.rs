//! The examples of docs/API.md, read: a block of commands, and what the page shows
//! beneath it. Knows no server.

use serde_json::Value;

use crate::harness::document::Document;

/// The page.
pub const PAGE: &str = include_str!("../../../docs/API.md");

/// Commands and what they are shown to give.
#[derive(Debug)]
pub struct Example {
    /// Where it begins.
    pub line: usize,
    /// What has to be there first: the words of `<!-- example: … -->` above it.
    pub given: String,
    pub commands: String,
    pub shown: Vec<Shown>,
}

/// One answer.
#[derive(Debug, Default)]
pub struct Shown {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Option<Value>,
}

/// Every block of commands that asks the api something.
pub fn examples(page: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let (mut given, mut lines) = (String::new(), page.lines().enumerate());
    while let Some((line, text)) = lines.next() {
        let text = text.trim();
        if let Some(said) = text.strip_prefix("<!-- example:") {
            given = said.trim_end_matches("-->").trim().to_owned();
        } else if let Some(language) = text.strip_prefix("```") {
            let block = lines.by_ref().map(|(_, text)| text);
            let block: Vec<&str> = block.take_while(|text| text.trim() != "```").collect();
            match language {
                "sh" if block.iter().any(|text| text.contains("curl")) => found.push(Example {
                    line: line + 1,
                    given: std::mem::take(&mut given),
                    commands: block.join("\n"),
                    shown: Vec::new(),
                }),
                "http" => {
                    let example = found.last_mut().expect("commands above an answer");
                    example.shown = shown(&block);
                }
                _ => {}
            }
        }
    }
    found
}

fn shown(block: &[&str]) -> Vec<Shown> {
    let mut answers: Vec<Shown> = Vec::new();
    let (mut body, mut head) = (String::new(), false);
    for text in block.iter().chain([&"HTTP/1.1 end"]) {
        if let Some(status) = text.strip_prefix("HTTP/1.1 ") {
            if let Some(answer) = answers.last_mut().filter(|_| !body.trim().is_empty()) {
                let parsed = serde_json::from_str(&body);
                answer.body = Some(parsed.unwrap_or_else(|error| panic!("{error}: {body}")));
            }
            body.clear();
            head = true;
            let status = status.split(' ').next().unwrap_or_default();
            answers.push(Shown {
                status: status.parse().unwrap_or(0),
                ..Shown::default()
            });
        } else if head && text.trim().is_empty() {
            head = false;
        } else if head {
            let (name, value) = text.split_once(':').expect("a header");
            let header = (name.to_owned(), value.trim().to_owned());
            answers
                .last_mut()
                .expect("a status first")
                .headers
                .push(header);
        } else {
            body.push_str(text);
            body.push('\n');
        }
    }
    answers.pop();
    answers
}

/// Words whose value counts, not only their kind.
const TELLING: &[&str] = &[
    "status", "code", "kind", "role", "means", "valid", "action", "outcome", "degraded", "title",
    "detail", "pointer",
];

/// What of the shown value the answer does not have: every field that is shown is
/// there, of the same kind; and telling words are the same.
pub fn differences(shown: &Value, found: &Value, at: &str) -> Vec<String> {
    match (shown, found) {
        (Value::Object(shown), Value::Object(found)) => shown
            .iter()
            .flat_map(|(name, shown)| {
                let at = format!("{at}/{name}");
                match found.get(name) {
                    None => vec![format!("{at} is not in the answer")],
                    Some(found)
                        if TELLING.contains(&name.as_str())
                            && shown != found
                            && !shown.is_object() =>
                    {
                        vec![format!("{at} is {found}, and the page shows {shown}")]
                    }
                    Some(found) => differences(shown, found, &at),
                }
            })
            .collect(),
        (Value::Array(shown), Value::Array(found)) => match (shown.first(), found.first()) {
            (Some(shown), Some(found)) => differences(shown, found, &format!("{at}/0")),
            (Some(_), None) => vec![format!("{at} is empty in the answer")],
            (None, _) => Vec::new(),
        },
        _ if std::mem::discriminant(shown) == std::mem::discriminant(found) => Vec::new(),
        _ => vec![format!("{at} is {found}, and the page shows {shown}")],
    }
}

#[test]
fn a_page_is_read_and_what_it_shows_is_compared() {
    let page = "<!-- example: ready -->\n```sh\ncurl -i x\n```\nText\n```http\nHTTP/1.1 202 Accepted\nLocation: /a\n\n{\"a\": 1, \"status\": \"Queued\"}\n```\n```sh\nls\n```\n";
    let found = examples(page);
    assert_eq!(
        (found.len(), found[0].given.as_str(), found[0].line),
        (1, "ready", 2)
    );
    let shown = &found[0].shown[0];
    assert_eq!((shown.status, shown.headers.len()), (202, 1));
    let body = shown.body.as_ref().unwrap();
    let same = serde_json::json!({"a": 7, "status": "Queued", "more": null});
    assert!(differences(body, &same, "").is_empty());
    for wrong in [
        serde_json::json!({"a": 7, "status": "Ready"}),
        serde_json::json!({"a": "7", "status": "Queued"}),
        serde_json::json!({"status": "Queued"}),
    ] {
        assert_eq!(differences(body, &wrong, "").len(), 1, "{wrong}");
    }
}

#[test]
fn every_operation_of_the_contract_has_an_example_on_the_page() {
    let document = Document::read();
    let commands: Vec<String> = examples(PAGE)
        .into_iter()
        .flat_map(|example| calls(&example.commands))
        .collect();
    let missing: Vec<String> = document
        .operations()
        .filter(|operation| {
            let method = operation.method.to_uppercase();
            !commands
                .iter()
                .any(|call| asks(call, &method, operation.path))
        })
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    assert!(missing.is_empty(), "no example of: {missing:#?}");
}

/// A block's calls of curl, each in one line.
fn calls(commands: &str) -> Vec<String> {
    let joined = commands.replace("\\\n", " ");
    joined
        .lines()
        .filter(|line| line.contains("curl"))
        .map(str::to_owned)
        .collect()
}

fn asks(call: &str, method: &str, path: &str) -> bool {
    let posts = call.split_once("-X ").map_or("GET", |(_, rest)| {
        rest.split(' ').next().unwrap_or_default()
    });
    let Some((_, url)) = call.split_once("localhost:3000") else {
        return false;
    };
    let url = url.split(['\'', '"', ' ', '?']).next().unwrap_or_default();
    let mut given = url.split('/');
    let fits = path.split('/').all(|part| {
        let given = given.next().unwrap_or_default();
        given == part || (part.starts_with('{') && !given.is_empty())
    }) && given.next().is_none();
    posts == method && fits
}
