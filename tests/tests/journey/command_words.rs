//! The command line's other words against the running platform: resting, events,
//! the audit's proofs, tenants, what a doctor finds, and how soon a command begins.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use system_tests::machine::{kill, up};
use system_tests::platform::Platform;

use crate::command_forms::same;
use crate::command_line::{json, printed, refused, urumi};

#[tokio::test]
async fn a_store_rests_and_what_happened_to_it_is_told() {
    let platform = Platform::alone().await.unwrap();
    let id = printed(&["store", "create", "Words", "--wait", "-o", "name"]);
    let id = id.trim();

    is_seen_from_inside(&platform, id).await;
    let open = Command::new("urumi")
        .args(["store", "open", id])
        .env("BROWSER", "true")
        .output();
    assert!(
        String::from_utf8(open.unwrap().stdout)
            .unwrap()
            .contains(id)
    );
    assert!(printed(&["store", "login", id]).contains("#"));
    assert!(printed(&["store", "upgrade", id, "--wait"]).contains("Ready"));

    printed(&[
        "store",
        "update",
        id,
        "--label",
        "team=north",
        "--protect",
        "true",
    ]);
    let found = [
        "store",
        "list",
        "--label",
        "team=north",
        "--search",
        "word",
        "-o",
        "name",
    ];
    assert_eq!(printed(&found), format!("{id}\n"));
    let (code, said) = refused(&["store", "delete", id]);
    assert_eq!(code, 5, "{said}");
    printed(&[
        "store",
        "update",
        id,
        "--label",
        "team=",
        "--protect",
        "false",
    ]);
    assert_eq!(json(&["store", "get", id])["labels"], serde_json::json!({}));

    assert!(printed(&["store", "suspend", id, "--wait"]).contains("Suspended"));
    assert!(printed(&["store", "resume", id, "--wait"]).contains("Ready"));
    let (code, said) = refused(&["store", "rollback", id]);
    assert_eq!(code, 5, "{said}");

    let told = ["store", "events", id, "--after", "0", "--no-follow"];
    let lines = printed(&[&told[..], &["-o", "json"]].concat());
    let events: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // What happened since is behind it.
    let stream = kept_events(&platform, id).await;
    assert!(stream.len() >= events.len());
    assert_eq!(events, stream[..events.len()]);
    let became = |status: &str| {
        let is = |event: &&Value| event["facts"]["to"] == status;
        events.iter().find(is).map(|event| event["id"].to_string())
    };
    let (ready, rested) = (became("Ready").unwrap(), became("Suspended").unwrap());
    assert!(ready.parse::<u64>().unwrap() < rested.parse::<u64>().unwrap());
    let later = printed(&[
        "store",
        "events",
        id,
        "--after",
        &ready,
        "--no-follow",
        "-o",
        "name",
    ]);
    let later: Vec<&str> = later.lines().collect();
    assert!(later.contains(&rested.as_str()) && !later.contains(&ready.as_str()));
    assert!(printed(&told).contains("store.status_changed"));

    // Whoever stops following is told how to go on.
    let child = Command::new("urumi")
        .args(["store", "events", id, "--after", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = child;
    let mut first = String::new();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut lines, &mut first).unwrap();
    let mut kill = Command::new("kill");
    assert!(
        kill.args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains(&format!("urumi store events {id} --after ")),
        "{said}"
    );

    printed(&["store", "delete", id, "--wait"]);
    let gone = Duration::from_secs(60);
    platform.until(id, "Deleted", gone).await.unwrap();
}

/// What the stream itself has kept of a store, each as its `data` says it.
async fn kept_events(platform: &Platform, id: &str) -> Vec<Value> {
    let address = format!("{}/stores/{id}/events?after=0&follow=false", platform.api);
    let answer = platform.http.get(address).send().await.unwrap();
    let text = answer.text().await.unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|told| serde_json::from_str(told).unwrap())
        .collect()
}

/// The cluster's own words: pods, volumes, what of the plan is taken, and logs.
async fn is_seen_from_inside(platform: &Platform, id: &str) {
    let inside = json(&["store", "pods", id]);
    let pods = inside["pods"].as_array().unwrap();
    let of = |part: &str| pods.iter().find(|pod| pod["part"] == part).unwrap();
    assert_eq!(of("mysql")["ready"], true, "{inside:#}");
    assert_eq!(of("wordpress")["phase"], "Running");
    let sizes = inside["volumes"].as_array().unwrap().iter();
    assert!(sizes.clone().all(|volume| volume["phase"] == "Bound") && sizes.len() > 0);
    assert!(!inside["usage"].as_array().unwrap().is_empty());
    let table = printed(&["store", "pods", id]);
    for told in [
        "pod        mysql-0",
        "volume ",
        "usage      requests.memory",
    ] {
        assert!(table.contains(told), "no `{told}` in {table}");
    }
    let told = printed(&["store", "logs", id, "--container", "mysql", "--lines", "50"]);
    assert!(told.contains("ready for connections"), "{told}");
    let path = format!("/stores/{id}/logs?lines=50&container=mysql");
    let words = ["store", "logs", id, "--container", "mysql", "--lines", "50"];
    same(platform, &words, &path).await;
    let names = printed(&["store", "logs", id, "-o", "name"]);
    assert!(names.lines().any(|name| name == "mysql-0/mysql"), "{names}");
}

#[tokio::test]
async fn the_audit_is_proved_and_a_head_that_does_not_fit_is_a_failure() {
    let _platform = Platform::alone().await.unwrap();
    // Something to be proved.
    printed(&["key", "create", "words", "--role", "viewer"]);
    let keys = json(&["key", "list"]);
    let key = keys["items"][0]["id"].as_str().unwrap();
    printed(&["key", "revoke", key]);

    let head = printed(&["audit", "verify", "-o", "name"]);
    let head = head.trim();
    printed(&["audit", "verify", "--head", head]);
    let (seq, hash) = head.split_once(':').unwrap();
    let other = if hash.starts_with('0') { '1' } else { '0' };
    let tampered = format!("{seq}:{other}{}", &hash[1..]);
    let found = urumi(&["audit", "verify", "--head", &tampered]);
    let said = String::from_utf8(found.stderr).unwrap();
    assert_eq!(found.status.code(), Some(1), "{said}");
    assert!(said.contains("tampered"), "{said}");
    assert_eq!(refused(&["audit", "verify", "--head", "1:x"]).0, 2);

    let streamed = printed(&["audit", "export"]);
    let end: Value = serde_json::from_str(streamed.lines().last().unwrap()).unwrap();
    assert_eq!(end["kind"], "signature");
    let file = std::env::temp_dir().join(format!("urumi-audit-{}.jsonl", std::process::id()));
    printed(&["audit", "export", "--file", file.to_str().unwrap()]);
    let kept = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let rows = |text: &str| text.lines().count();
    assert!(rows(&kept) >= rows(&streamed) && rows(&kept) > 1);
    assert!(!file.with_added_extension("part").exists());
}

#[tokio::test]
async fn tenants_are_made_and_bounded() {
    let _platform = Platform::alone().await.unwrap();
    let name = format!("words-{}", std::process::id());
    let made = json(&["tenant", "create", &name, "--max-stores", "3"]);
    assert_eq!(made["limits"]["max_stores"], 3);
    let id = made["id"].as_str().unwrap();
    assert!(printed(&["tenant", "list", "-o", "name"]).contains(id));
    let changed = json(&["tenant", "update", id, "--max-stores", "none"]);
    assert_eq!(changed["limits"]["max_stores"], Value::Null);
    assert_eq!(refused(&["tenant", "create", &name]).0, 5);
    assert_eq!(refused(&["tenant", "create", "No Name"]).0, 2);
}

#[tokio::test]
async fn a_doctor_finds_the_broker_away_and_says_what_to_do() {
    let _platform = Platform::alone().await.unwrap();
    let lines = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();
    for (server, wrong) in [
        ("http://127.0.0.1:1", "WRONG  port"),
        ("http://shop.invalid", "WRONG  name"),
    ] {
        let found = urumi(&["doctor", "--server", server]);
        assert_eq!(found.status.code(), Some(1));
        assert!(lines(&found).contains(wrong), "{}", lines(&found));
    }
    let until = |what: &str, holds: &dyn Fn(&str) -> bool| {
        let begun = Instant::now();
        loop {
            let found = urumi(&["doctor"]);
            if holds(&lines(&found)) {
                println!("{what} {:.1?} after", begun.elapsed());
                return found;
            }
            let patience = Duration::from_secs(120);
            assert!(begun.elapsed() < patience, "{what}: {}", lines(&found));
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    kill("rabbitmq").unwrap();
    let found = until("the broker is missed", &|said| {
        said.contains("WRONG  rabbitmq_publisher") && said.contains("WRONG  rabbitmq_consumer")
    });
    assert_eq!(found.status.code(), Some(1));
    let said = lines(&found);
    assert!(said.contains("→ is RabbitMQ running?"), "{said}");
    it_is_told_to_programs("rabbitmq_publisher");
    up().unwrap();
    until("the broker is back", &|said| {
        said.contains("ok     rabbitmq_publisher") && said.contains("ok     rabbitmq_consumer")
    });
}

/// What is wrong, where a program reads it.
fn it_is_told_to_programs(wrong: &str) {
    let found = urumi(&["doctor", "-o", "json"]);
    assert_eq!(found.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    let checks = found["items"].as_array().unwrap();
    let check = |name: &str| checks.iter().find(|item| item["check"] == name).unwrap();
    assert_eq!(check(wrong)["ok"], false, "{found:#}");
    assert!(check(wrong)["next_action"].is_string(), "{found:#}");
    assert_eq!(check("api")["ok"], true, "{found:#}");
    assert_eq!(check("api")["next_action"], Value::Null);
    let names = urumi(&["doctor", "-o", "name"]).stdout;
    let names = String::from_utf8(names).unwrap();
    assert!(names.lines().any(|name| name == wrong), "{names}");
    assert!(names.lines().all(|name| name != "api"), "{names}");
}

#[tokio::test]
async fn a_command_begins_within_20_ms() {
    let _platform = Platform::alone().await.unwrap();
    let mut took: Vec<Duration> = (0..20)
        .map(|_| {
            let begun = Instant::now();
            printed(&["version"]);
            begun.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!("`urumi version`: median {:?} of {}", took[10], took.len());
    assert!(took[10] < Duration::from_millis(20), "{took:?}");
}
