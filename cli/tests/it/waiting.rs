//! Staying until something has ended: for what, how long, and how one gets away.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Program, run};
use crate::server::{Server, json};

const STORE: &str = "store-k7q2mx";
const OURS: &str = "01a20997-9d2d-77ab-bb7c-ac19d4fcd2e0";
const THEIRS: &str = "01a20997-9d2d-77ab-bb7c-ac19d4fcd2e1";
/// Far less than a silent API is asked for, far more than a busy machine takes.
const SOON: Duration = Duration::from_secs(15);

fn operation(id: &str, status: &str) -> Value {
    json!({"id": id, "kind": "Update", "store_id": STORE, "status": status, "steps": [],
        "failure": null})
}

fn store(status: &str, operation: Value) -> Value {
    json!({"id": STORE, "status": status, "operation": operation, "failure": null})
}

#[test]
fn ctrl_c_ends_a_wait_also_while_the_api_is_silent() {
    let silent = Server::saying(Vec::new());
    let program = Program::start(&silent, &["operation", "watch", OURS]);
    let begun = Instant::now();
    silent.until_asked(1, SOON);
    program.interrupt();
    let (ended, _) = program.end();
    assert_eq!(ended.code, Some(130), "{}", ended.err);
    let told = format!("`urumi operation get {OURS}`");
    assert!(ended.err.contains(&told), "{}", ended.err);
    assert!(begun.elapsed() < SOON, "after {:?}", begun.elapsed());
}

#[test]
fn ctrl_c_ends_a_wait_also_at_its_last_question() {
    let server = Server::saying(vec![
        json(
            "202 Accepted",
            &store("Updating", operation(OURS, "Queued")),
        ),
        json("200 OK", &operation(OURS, "Succeeded")),
    ]);
    let words = ["store", "update", STORE, "--plan", "medium", "--wait"];
    let program = Program::start(&server, &words);
    let begun = Instant::now();
    server.until_asked(3, SOON);
    program.interrupt();
    let (ended, _) = program.end();
    assert_eq!(ended.code, Some(130), "{}", ended.err);
    assert!(begun.elapsed() < SOON, "after {:?}", begun.elapsed());
}

#[test]
fn the_time_is_over_also_while_the_api_is_silent() {
    let begun = Instant::now();
    let silent = Server::saying(Vec::new());
    let ended = run(&silent, &["operation", "watch", OURS, "--timeout", "1"]);
    assert_eq!(ended.code, Some(6), "{}", ended.err);
    assert!(
        ended.err.contains("still unanswered after 1 s"),
        "{}",
        ended.err
    );
    assert!(begun.elapsed() < SOON, "after {:?}", begun.elapsed());
}

#[test]
fn no_patience_at_all_has_the_time_for_one_look() {
    let watch = ["operation", "watch", OURS, "--timeout", "0"];
    let server = Server::saying(vec![json("200 OK", &operation(OURS, "Succeeded"))]);
    assert_eq!(run(&server, &watch).code, Some(0));
    let server = Server::new(|_| json("200 OK", &operation(OURS, "Running")));
    let ended = run(&server, &watch);
    assert_eq!(ended.code, Some(6), "{}", ended.err);
    assert!(ended.err.contains("is still Running"), "{}", ended.err);
}

#[test]
fn where_nothing_was_begun_nothing_is_waited_for() {
    for (words, asked) in [
        (
            &["store", "update", STORE, "--label", "a=b", "--wait"][..],
            "PATCH /stores/store-k7q2mx",
        ),
        (
            &["store", "resume", STORE, "--wait"],
            "POST /stores/store-k7q2mx/resume",
        ),
    ] {
        let ready = store("Ready", operation(THEIRS, "Failed"));
        let server = Server::saying(vec![json("200 OK", &ready)]);
        let ended = run(&server, words);
        assert_eq!(ended.code, Some(0), "{words:?}: {}", ended.err);
        assert!(ended.out.contains(STORE), "{}", ended.out);
        assert_eq!(server.asked(), [asked]);
    }
}

/// An update that is waited for, of which a look shows that.
fn update(look: Value) -> (Server, Vec<&'static str>) {
    let server = Server::saying(vec![
        json(
            "202 Accepted",
            &store("Updating", operation(OURS, "Queued")),
        ),
        json("200 OK", &look),
        json("200 OK", &store("Updating", operation(THEIRS, "Running"))),
    ]);
    (
        server,
        vec!["store", "update", STORE, "--plan", "medium", "--wait"],
    )
}

#[test]
fn one_waits_for_ones_own_operation_and_not_for_a_later_one() {
    let (server, words) = update(operation(OURS, "Succeeded"));
    let ended = run(&server, &words);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let asked = [
        "PATCH /stores/store-k7q2mx",
        &format!("GET /operations/{OURS}"),
        "GET /stores/store-k7q2mx",
    ];
    assert_eq!(server.asked(), asked);
}

#[test]
fn a_change_that_somebody_else_ended_is_not_done() {
    for status in ["Failed", "Cancelled", "Superseded"] {
        let (server, words) = update(operation(OURS, status));
        let ended = run(&server, &words);
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        let told = format!("error: Update of {STORE} is {status}\n");
        assert!(ended.err.contains(&told), "{}", ended.err);
    }
}

#[test]
fn a_store_that_is_removed_meanwhile_is_not_waited_for() {
    for status in ["Deleting", "Deleted"] {
        let server = Server::saying(vec![
            json("202 Accepted", &store("Queued", operation(OURS, "Queued"))),
            json("200 OK", &store(status, operation(THEIRS, "Queued"))),
        ]);
        let ended = run(&server, &["store", "create", "--wait", "--timeout", "15"]);
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        let told = format!("{STORE} is {status}: its removal was asked for meanwhile");
        assert!(ended.err.contains(&told), "{}", ended.err);
    }
}
