//! The platform by its command line: every command, form and exit code, against
//! the running platform.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use system_tests::platform::Platform;

pub fn urumi(arguments: &[&str]) -> Output {
    let output = Command::new("urumi").args(arguments).output();
    output.expect("`urumi` is in PATH: run tests/e2e.sh")
}

/// What a command printed that had to succeed.
pub fn printed(arguments: &[&str]) -> String {
    let output = urumi(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// How a command ended that could not succeed: its code and what it said.
pub fn refused(arguments: &[&str]) -> (i32, String) {
    let output = urumi(arguments);
    assert_eq!(output.stdout, b"", "{arguments:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

pub fn json(arguments: &[&str]) -> Value {
    let mut all = arguments.to_vec();
    all.extend(["-o", "json"]);
    serde_json::from_str(&printed(&all)).unwrap()
}

#[tokio::test]
async fn a_store_lives_its_life_by_command_line() {
    let platform = Platform::alone().await.unwrap();

    let made = urumi(&[
        "store",
        "create",
        "CLI Shop",
        "--plan",
        "small",
        "--email",
        "cli@example.com",
        "--wait",
        "-o",
        "json",
    ]);
    let steps = String::from_utf8(made.stderr).unwrap();
    assert!(made.status.success(), "{steps}");
    for step in ["Namespace", "Release", "Rollout", "Storefront"] {
        assert!(steps.contains(step), "no {step} in {steps}");
    }
    let store: Value = serde_json::from_slice(&made.stdout).unwrap();
    let id = store["id"].as_str().unwrap();
    assert_eq!(store["status"], "Ready");
    assert_eq!(store["admin_email"], "cli@example.com");

    // Each form of the same answer.
    let path = format!("/stores/{id}");
    let same = ["id", "name", "status", "url", "wanted", "operation"];
    let (ours, theirs) = (
        json(&["store", "get", id]),
        platform.get(&path).await.unwrap(),
    );
    for key in same {
        assert_eq!(ours[key], theirs[key], "{key}");
    }
    let table = printed(&["store", "list"]);
    assert!(table.starts_with("ID ") && table.contains(id), "{table}");
    assert!(!table.contains("PLAN"), "{table}");
    assert!(printed(&["store", "list", "-o", "wide"]).contains("PLAN"));
    assert!(printed(&["store", "get", id, "-o", "yaml"]).contains(&format!("id: {id}")));
    assert_eq!(
        printed(&["store", "get", id, "-o", "name"]),
        format!("{id}\n")
    );
    let details = printed(&["store", "get", id]);
    for told in [
        "plan       small",
        "owner      cli@example.com",
        "operation  Create Succeeded",
    ] {
        assert!(details.contains(told), "no `{told}` in {details}");
    }
    assert!(printed(&["store", "list", "--status", "Ready", "-o", "name"]).contains(id));
    assert!(!printed(&["store", "list", "--status", "Failed", "-o", "name"]).contains(id));

    // What was asked, and what is wrong.
    let operations = json(&["operation", "list", id]);
    let operation = operations["items"][0]["id"].as_str().unwrap();
    assert!(printed(&["operation", "get", operation]).contains("Rollout"));
    assert!(printed(&["operation", "watch", operation]).contains("Succeeded"));
    let audit = printed(&["audit", "list", "--store", id]);
    assert!(audit.contains("store.create.requested"), "{audit}");
    let first = urumi(&["audit", "list", "--store", id, "--limit", "1"]);
    let more = String::from_utf8(first.stderr).unwrap();
    let cursor = more.trim().rsplit(' ').next().unwrap();
    let second = printed(&[
        "audit", "list", "--store", id, "--limit", "1", "--cursor", cursor,
    ]);
    assert!(!second.contains("store.create.requested"), "{second}");
    printed(&["dead-letter", "list"]);
    printed(&["reconciliation", "show"]);
    let health = String::from_utf8(urumi(&["doctor"]).stdout).unwrap();
    for good in [
        "ok     api",
        "ok     postgres",
        "ok     name",
        "ok     port",
        "ok     page",
    ] {
        assert!(health.contains(good), "no `{good}` in {health}");
    }

    // What cannot be.
    let (code, said) = refused(&["store", "cancel", id]);
    assert_eq!(code, 5, "{said}");
    assert_eq!(refused(&["store", "retry", id]).0, 5);
    let change = ["store", "update", id, "--plan", "huge"];
    assert_eq!(refused(&change).0, 2);
    let (code, said) = refused(&["store", "create", "Late", "--wait", "--timeout", "0"]);
    assert_eq!(code, 6, "{said}");
    assert!(said.contains("urumi store get store-"), "{said}");

    printed(&["store", "update", id, "--name", "Renamed", "--wait"]);
    assert_eq!(json(&["store", "get", id])["name"], "Renamed");
    printed(&["store", "delete", id, "--wait"]);
    assert!(!printed(&["store", "list", "-o", "name"]).contains(id));
    assert!(printed(&["store", "list", "--include-deleted", "-o", "name"]).contains(id));
    for left in printed(&["store", "list", "-o", "name"]).lines() {
        printed(&["store", "delete", left, "--wait"]);
    }
}

#[tokio::test]
async fn every_wrong_use_has_its_code_and_its_advice() {
    let _platform = Platform::alone().await.unwrap();
    let away = ["store", "list", "--server", "http://127.0.0.1:1"];
    for (arguments, code, told) in [
        (
            &["store", "get", "store-zzzzzz"][..],
            3,
            "There is no store",
        ),
        (&["store", "get", "My Shop"], 2, "urumi store list"),
        (&["store", "list", "--status", "Happy"], 2, "status"),
        (&["store", "list", "--limit", "0"], 2, "limit"),
        (&["store", "update", "store-zzzzzz"], 2, "required"),
        (&["nonsense"], 2, "unrecognized"),
        (
            &["store", "list", "--server", "nope"],
            2,
            "http://localhost:3000",
        ),
        (&away, 1, "make up"),
    ] {
        let (found, said) = refused(arguments);
        assert_eq!(found, code, "{arguments:?}: {said}");
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
    assert!(printed(&["version"]).starts_with("urumi "));
    for shell in ["bash", "zsh", "fish"] {
        assert!(printed(&["completion", shell]).contains("dead-letter"));
    }
}

#[tokio::test]
async fn who_stops_waiting_is_told_that_the_work_goes_on() {
    let platform = Platform::alone().await.unwrap();
    let child = Command::new("urumi")
        .args(["store", "create", "Interrupted", "--wait"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = loop {
        let list = platform.get("/stores?limit=1").await.unwrap();
        let newest = &list["items"][0];
        if newest["name"] == "Interrupted" && newest["status"] == "Provisioning" {
            break newest["id"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let mut kill = Command::new("kill");
    let stopped = kill.args(["-INT", &child.id().to_string()]).status();
    assert!(stopped.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains(&format!("urumi store get {id}")), "{said}");

    let soon = Duration::from_secs(240);
    platform.until(&id, "Ready", soon).await.unwrap();
    platform.delete(&id).await.unwrap();
    platform.until(&id, "Deleted", soon).await.unwrap();
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    let _platform = Platform::alone().await.unwrap();
    let mut child = Command::new("urumi")
        .args(["completion", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}
