//! What is an answer of the API, and what is none.

use serde_json::json;

use crate::program::{Program, run};
use crate::server::{Answer, Server, empty, json, page};

const KEY: &str = "01a20997-9d2d-77ab-bb7c-ac19d4fcd2e0";

#[test]
fn a_site_that_is_no_api_is_not_taken_for_one() {
    for words in [
        &["store", "list"][..],
        &["store", "list", "-o", "json"],
        &["store", "create"],
        &["store", "events", "--no-follow"],
        &["audit", "export"],
        &["key", "revoke", KEY],
        &["whoami"],
    ] {
        let server = Server::new(|_| page());
        let ended = run(&server, words);
        assert_eq!(ended.code, Some(1), "{words:?}: {}", ended.err);
        assert_eq!(ended.out, "", "{words:?}");
        for told in [&server.address, "is no Urumi API", "→", "--server"] {
            assert!(ended.err.contains(told), "{words:?}: {}", ended.err);
        }
    }
}

#[test]
fn a_login_to_such_a_site_is_not_kept() {
    let login = |server: &Server| Program::start(server, &["login"]).told("secret\n").end();
    let (ended, keeps) = login(&Server::new(|_| page()));
    assert_eq!((ended.code, keeps), (Some(1), false), "{}", ended.err);

    let you = json!({"actor": "key:ci", "role": "viewer", "tenant": {"name": "local"}});
    let (ended, keeps) = login(&Server::saying(vec![json("200 OK", &you)]));
    assert_eq!((ended.code, keeps), (Some(0), true), "{}", ended.err);
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again_with_the_same_key() {
    let store = json!({"id": "store-k7q2mx"});
    let server = Server::saying(vec![Answer::Lost, json("202 Accepted", &store)]);
    let ended = run(&server, &["store", "create", "-o", "name"]);
    assert_eq!(ended.out, "store-k7q2mx\n", "{}", ended.err);
    let keys: Vec<String> = server
        .heads()
        .iter()
        .flat_map(|head| head.lines())
        .filter(|line| line.starts_with("idempotency-key: "))
        .map(str::to_owned)
        .collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn only_what_has_nothing_to_say_may_say_nothing() {
    let revoke = ["key", "revoke", KEY];
    for status in ["204 No Content", "200 OK"] {
        let ended = run(&Server::saying(vec![empty(status)]), &revoke);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
    let ended = run(&Server::saying(vec![empty("200 OK")]), &["store", "list"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
}

#[test]
fn a_key_that_nobody_has_seen_is_said_to_be_taken_back() {
    for form in ["table", "json", "name"] {
        let shown_before = json!({"id": KEY, "name": "ci"});
        let server = Server::saying(vec![Answer::Lost, json("201 Created", &shown_before)]);
        let ended = run(&server, &["key", "create", "ci", "-o", form]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{form}");
        let told = format!("`urumi key revoke {KEY}`");
        assert!(ended.err.contains(&told), "{}", ended.err);
    }
    let shown = json!({"id": KEY, "name": "ci", "key": "urumi_k7q2mx"});
    let server = Server::saying(vec![json("201 Created", &shown)]);
    let ended = run(&server, &["key", "create", "ci"]);
    assert_eq!(ended.out, "urumi_k7q2mx\n", "{}", ended.err);
}

#[test]
fn a_doctor_knows_an_api_by_its_word() {
    let server = Server::new(|request| match request {
        "GET /healthz" => Answer::Said("200 OK", "text/plain; charset=utf-8", "ok\n".to_owned()),
        _ => page(),
    });
    let ended = run(&server, &["doctor"]);
    assert!(ended.out.starts_with("ok     api"), "{}", ended.out);
    assert!(ended.out.contains("WRONG  workers"), "{}", ended.out);

    let ended = run(&Server::new(|_| page()), &["doctor"]);
    assert!(ended.out.starts_with("WRONG  api"), "{}", ended.out);
    assert_eq!(ended.code, Some(1));
}
