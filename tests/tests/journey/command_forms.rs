//! The command line's forms and codes against the running platform: each answer as
//! the API gave it, logins that are kept; and that no command is left without a test.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use system_tests::platform::Platform;

use crate::command_line::{json, printed, refused};

/// What differs from one look to the next.
const PASSING: [&str; 5] = [
    "looked_at",
    "taken_at",
    "age_seconds",
    "last_used_at",
    "duration_ms",
];

fn lasting(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.retain(|name, _| !PASSING.contains(&name.as_str()));
            for field in fields.values_mut() {
                *field = lasting(field.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = lasting(item.take());
            }
        }
        _ => {}
    }
    value
}

fn in_form(words: &[&str], form: &str) -> String {
    printed(&[words, &["-o", form]].concat())
}

/// A store that is ended at once, so that it stays as it is.
async fn an_ended_store(platform: &Platform, name: &str) -> String {
    let id = printed(&["store", "create", name, "-o", "name"]);
    let id = id.trim().to_owned();
    printed(&["store", "cancel", &id]);
    let store = platform.store(&id).await.unwrap();
    assert_eq!(store["status"], "Failed");
    id
}

/// What both print. A worker may still tell of what it had begun, between the two.
pub async fn same(platform: &Platform, words: &[&str], path: &str) -> Value {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let theirs = platform.get(path).await.unwrap();
        let (ours, lasts) = (lasting(json(words)), lasting(theirs.clone()));
        if ours == lasts {
            return theirs;
        }
        assert!(Instant::now() < until, "{words:?}: {ours}\nand {lasts}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn each_answer_is_printed_in_each_form_and_json_is_the_apis_own() {
    let platform = Platform::alone().await.unwrap();
    let id = an_ended_store(&platform, "Forms").await;
    let operations = json(&["operation", "list", &id]);
    let operation = operations["items"][0]["id"].as_str().unwrap().to_owned();
    let of_store = |path: &str| path.replace("{id}", &id).replace("{operation}", &operation);
    for (words, path) in [
        ("store list", "/stores?limit=50"),
        ("store get {id}", "/stores/{id}"),
        ("store pods {id}", "/stores/{id}/pods"),
        ("operation list {id}", "/stores/{id}/operations?limit=50"),
        ("operation get {operation}", "/operations/{operation}"),
        ("operation watch {operation}", "/operations/{operation}"),
        (
            "audit list --store {id}",
            "/stores/audit/logs?limit=50&store_id={id}",
        ),
        ("audit verify", "/audit/verify"),
        ("dead-letter list", "/dead-letters?limit=50"),
        ("key list", "/keys?limit=50"),
        ("tenant list", "/tenants?limit=50"),
        ("reconciliation show", "/reconciliation"),
        ("whoami", "/whoami"),
    ] {
        let words = of_store(words);
        let words: Vec<&str> = words.split(' ').collect();
        let theirs = same(&platform, &words, &of_store(path)).await;

        let (table, wide) = (in_form(&words, "table"), in_form(&words, "wide"));
        assert!(!table.is_empty() && wide.len() >= table.len(), "{words:?}");
        let yaml = in_form(&words, "yaml");
        let first = theirs.as_object().unwrap().keys().next().unwrap().clone();
        assert!(yaml.contains(&format!("{first}:")), "{words:?}: {yaml}");
        if let Some(items) = theirs["items"].as_array() {
            let key = if path == "/reconciliation" {
                "store_id"
            } else {
                "id"
            };
            let ids: Vec<_> = items
                .iter()
                .map(|item| item[key].as_str().unwrap())
                .collect();
            let names = in_form(&words, "name");
            assert_eq!(names.lines().collect::<Vec<_>>(), ids, "{words:?}");
        }
    }
    printed(&["store", "delete", &id, "--wait"]);
}

fn fields(value: &Value) -> Vec<&String> {
    value.as_object().unwrap().keys().collect()
}

#[tokio::test]
async fn a_change_is_answered_in_each_form_with_the_store_as_it_is_then() {
    let platform = Platform::alone().await.unwrap();
    let id = an_ended_store(&platform, "Changed").await;
    let theirs = platform.store(&id).await.unwrap();
    let made = json(&["store", "create", "Made in JSON"]);
    assert_eq!(fields(&made), fields(&theirs));
    let made = made["id"].as_str().unwrap();
    for form in ["table", "wide", "json", "yaml", "name"] {
        for change in [
            // A store that never was is begun anew by a new name, too.
            &["store", "update", &id, "--name", form][..],
            &["store", "cancel", &id],
            &["store", "update", &id, "--label", "form=tried"],
            &["store", "retry", &id],
            &["store", "cancel", &id],
        ] {
            let said = in_form(change, form);
            match form {
                "json" => {
                    let ours: Value = serde_json::from_str(&said).unwrap();
                    assert_eq!(fields(&ours), fields(&theirs), "{change:?}");
                    assert_eq!(ours["id"], id.as_str(), "{change:?}");
                }
                "yaml" => assert!(said.contains(&format!("id: {id}\n")), "{said}"),
                "name" => assert_eq!(said, format!("{id}\n"), "{change:?}"),
                _ => {
                    let [head, row]: [&str; 2] =
                        said.lines().collect::<Vec<_>>().try_into().unwrap();
                    assert!(head.starts_with("ID ") && row.starts_with(&id), "{said}");
                    assert_eq!(head.contains("PLAN"), form == "wide", "{said}");
                }
            }
        }
        assert_eq!(platform.store(&id).await.unwrap()["name"], form);
    }
    let gone = json(&["store", "delete", made, "--wait"]);
    assert_eq!(
        (&gone["id"], &gone["status"]),
        (&made.into(), &"Deleted".into())
    );
    let gone = in_form(&["store", "delete", &id, "--wait"], "name");
    assert_eq!(gone, format!("{id}\n"));
}

#[tokio::test]
async fn what_came_to_nothing_or_is_not_there_has_its_code() {
    let platform = Platform::alone().await.unwrap();
    let waiting = Command::new("urumi")
        .args(["store", "create", "Doomed", "--wait"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = loop {
        let list = platform.get("/stores?limit=1").await.unwrap();
        if list["items"][0]["name"] == "Doomed" {
            break list["items"][0]["id"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    printed(&["store", "cancel", &id]);
    let output = waiting.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("Cancelled") && said.contains('→'), "{said}");

    let nobody = "01a20997-9d2d-77ab-bb7c-ac19d4fcd2e0";
    for words in [
        &["operation", "get", nobody][..],
        &["operation", "watch", nobody],
        &["dead-letter", "replay", nobody],
        &["key", "revoke", nobody],
        &["tenant", "update", nobody, "--max-stores", "1"],
        &["store", "logs", "store-zzzzzz"],
        &["store", "login", "store-zzzzzz"],
        &["context", "use", "nobody"],
    ] {
        assert_eq!(refused(words).0, 3, "{words:?}");
    }
    for words in [
        &["store", "open", &id][..],
        &["store", "login", &id],
        &["store", "suspend", &id],
        &["reconciliation", "purge", &id],
        &["reconciliation", "adopt", &id],
    ] {
        let (code, said) = refused(words);
        assert_eq!(code, 5, "{words:?}: {said}");
    }
    // Once more, and ended again: it is Queued in between.
    assert!(printed(&["store", "retry", &id]).contains("Queued"));
    printed(&["store", "cancel", &id]);
    printed(&["store", "delete", &id, "--wait"]);
}

/// With an empty folder for what is kept, and perhaps a key.
struct Person {
    home: std::path::PathBuf,
}

impl Person {
    fn new(name: &str) -> Self {
        let home = std::env::temp_dir().join(format!("urumi-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        Self { home }
    }

    fn runs(&self, words: &[&str], input: &str) -> Output {
        let mut child = Command::new("urumi")
            .args(words)
            .env("XDG_CONFIG_HOME", &self.home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who asks for no key reads none.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn said(&self, words: &[&str], input: &str) -> String {
        let output = self.runs(words, input);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

#[tokio::test]
async fn a_login_is_kept_for_its_owner_and_a_role_is_held_to_what_it_may() {
    use std::os::unix::fs::PermissionsExt as _;
    let platform = Platform::alone().await.unwrap();
    let id = an_ended_store(&platform, "Guarded").await;
    let key = printed(&["key", "create", "forms", "--role", "viewer", "--days", "1"]);
    assert_eq!(key.trim().lines().count(), 1, "the key alone");
    let person = Person::new("forms");

    let said = person.said(&["login", "--context", "looks"], &key);
    assert!(said.starts_with("logged in as key:"), "{said}");
    let kept = person.home.join("urumi/contexts.json");
    let mode = std::fs::metadata(&kept).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    person.said(&["login", "--context", "again"], &key);
    assert!(person.said(&["context", "list"], "").contains("* again"));
    person.said(&["context", "use", "looks"], "");
    assert!(person.said(&["context", "list"], "").contains("* looks"));
    assert!(person.said(&["whoami"], "").contains("viewer of local"));
    person.said(&["store", "get", &id], "");
    for words in [
        &["store", "delete", &id][..],
        &["store", "create", "More"],
        &["store", "logs", &id],
        &["key", "list"],
        &["tenant", "list"],
        &["audit", "verify"],
    ] {
        let output = person.runs(words, "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{words:?}: {said}");
    }
    person.said(&["logout"], "");
    assert!(!person.said(&["context", "list"], "").contains("looks"));

    let wrong = person.runs(&["login"], "urumi_nothing\n");
    assert_eq!(wrong.status.code(), Some(4));
    let none = person.runs(&["login"], "");
    assert_eq!(none.status.code(), Some(2));
    let keys = json(&["key", "list"]);
    let ours = keys["items"].as_array().unwrap().iter();
    for key in ours.filter(|key| key["name"] == "forms" && key["status"] == "Active") {
        printed(&["key", "revoke", key["id"].as_str().unwrap()]);
    }
    printed(&["store", "delete", &id, "--wait"]);
}

/// The page about the command line names every command (a test of it sees to that).
#[test]
fn every_command_of_the_page_is_run_by_these_journeys() {
    let sources = [
        include_str!("command_line.rs"),
        include_str!("command_words.rs"),
        include_str!("command_forms.rs"),
    ];
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    let sources: Vec<String> = sources.iter().map(|text| bare(text)).collect();
    let page = include_str!("../../../docs/CLI.md");
    let mut left = Vec::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("urumi ")) {
        let is_word = |word: &&str| {
            word.chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '-')
        };
        let words: Vec<&str> = line.split(' ').take(2).take_while(is_word).collect();
        let words = match words[..] {
            [
                noun @ ("login" | "completion" | "version" | "doctor" | "whoami" | "logout"),
                ..,
            ] => vec![noun],
            _ => words,
        };
        let array = format!("\"{}\"", words.join("\",\""));
        let text = format!("\"{}", words.join(" "));
        let is_run = |source: &String| source.contains(&array) || source.contains(&bare(&text));
        if !sources.iter().any(is_run) {
            left.push(words.join(" "));
        }
    }
    assert!(left.is_empty(), "no journey runs: {left:?}");
}
