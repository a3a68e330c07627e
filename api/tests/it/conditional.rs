//! `ETag`, `If-None-Match` and `If-Match`.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::harness::{Answer, TestApi, Worker};

async fn send(request: RequestBuilder) -> Answer {
    Answer::of(request.send().await.unwrap()).await
}

#[actix_web::test]
async fn what_did_not_change_is_304_and_what_did_has_another_tag() {
    let api = TestApi::ready("if_none_match").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let operation = api.get(&format!("/stores/{id}")).await.json["operation"]["id"].clone();
    let store = format!("/stores/{id}");
    for path in [
        store.clone(),
        format!("/operations/{}", operation.as_str().unwrap()),
        "/stores".to_owned(),
        "/stores/counts".to_owned(),
        format!("/stores/{id}/operations"),
        "/stores/audit/logs".to_owned(),
    ] {
        let first = api.get(&path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag}");
        assert_eq!(first.header("cache-control"), "private, no-cache", "{path}");
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"x\", {tag}"),
            "*".to_owned(),
        ] {
            let again = api
                .request(Method::GET, &path)
                .header("If-None-Match", known);
            let again = send(again).await;
            assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
            assert_eq!(again.header("etag"), tag, "{path}");
        }
        let other = api
            .request(Method::GET, &path)
            .header("If-None-Match", "\"x\"");
        assert_eq!(send(other).await.status, 200, "{path}");
    }
    let before = api.get(&store).await.header("etag").to_owned();
    let changed = api.patch(&store, json!({"labels": {"a": "b"}})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let after = api
        .request(Method::GET, &store)
        .header("If-None-Match", &before);
    let after = send(after).await;
    assert_eq!(after.status, 200);
    assert_ne!(after.header("etag"), before);
}

#[actix_web::test]
async fn a_wish_about_another_state_than_is_there_is_412_and_changes_nothing() {
    let api = TestApi::ready("if_match").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");
    let stale = api.get(&path).await.header("etag").to_owned();
    let mark = api.patch(&path, json!({"labels": {"a": "b"}})).await;
    assert_eq!(mark.status, 200);
    let seen = api.get(&path).await;

    let ways = [
        "retry", "cancel", "upgrade", "rollback", "suspend", "resume",
    ];
    let mut requests = vec![
        (api.request(Method::PATCH, &path), "update"),
        (api.request(Method::DELETE, &path), "delete"),
    ];
    for way in ways {
        requests.push((api.request(Method::POST, &format!("{path}/{way}")), way));
    }
    for (request, way) in requests {
        let request = if way == "update" {
            request.json(&json!({"plan": "large"}))
        } else {
            request
        };
        for tag in [
            stale.as_str(),
            "\"x\"",
            &format!("W/{}", seen.header("etag")),
        ] {
            let answer = send(request.try_clone().unwrap().header("If-Match", tag)).await;
            assert_eq!(answer.status, 412, "{way} {tag}: {}", answer.text);
            assert_eq!(answer.json["code"], "precondition_failed");
        }
        let broken = send(request.header("If-Match", "7")).await;
        assert_eq!(
            (broken.status, &broken.json["code"]),
            (400, &json!("invalid_header"))
        );
        let refused = format!("store.{way}.refused refused");
        assert!(api.audit_of(&id).await.contains(&refused), "{refused}");
    }
    let still = api.get(&path).await;
    assert_eq!(still.text, seen.text);

    // The record's version counts, not what is seen of its operation and health.
    let version = seen.header("etag").split('-').next().unwrap().to_owned();
    for (tag, expected) in [(format!("{version}-0\""), 202), ("*".to_owned(), 409)] {
        let request = api.request(Method::PATCH, &path).header("If-Match", tag);
        let plan = if expected == 202 { "large" } else { "medium" };
        let answer = send(request.json(&json!({ "plan": plan }))).await;
        assert_eq!(answer.status, expected, "{}", answer.text);
    }
    let none = "/stores/store-zzzzzz";
    let missing = api.request(Method::DELETE, none).header("If-Match", "*");
    assert_eq!(send(missing).await.status, 404);
}

#[actix_web::test]
async fn of_writers_at_once_with_one_tag_one_succeeds_and_the_others_are_412() {
    let api = TestApi::ready("if_match_race").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");
    for round in 0..10 {
        let tag = api.get(&path).await.header("etag").to_owned();
        let write = |writer: usize| {
            let labels = json!({"labels": {"writer": format!("{round}-{writer}")}});
            let request = api.request(Method::PATCH, &path).header("If-Match", &tag);
            send(request.json(&labels))
        };
        let answers = futures_util::future::join_all((0..4).map(write)).await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412, 412, 412]);
        let winner = answers.iter().find(|answer| answer.status == 200).unwrap();
        let now = api.get(&path).await;
        assert_eq!(now.json["labels"], winner.json["labels"]);
        let version = |answer: &Answer| answer.header("etag").split('-').next().unwrap().to_owned();
        assert_eq!(
            version(&now),
            version(winner),
            "a change can follow a change"
        );
    }
}

#[actix_web::test]
async fn a_request_that_is_sent_again_gets_its_answer_though_the_tag_is_old_by_itself() {
    let api = TestApi::ready("if_match_replay").await;
    let mut worker = Worker::of(&api).await;
    let id = api.a_ready_store(&mut worker).await;
    let path = format!("/stores/{id}");
    let tag = api.get(&path).await.header("etag").to_owned();
    let ask = || {
        let request = api.request(Method::PATCH, &path).header("If-Match", &tag);
        send(
            request
                .header("Idempotency-Key", "once")
                .json(&json!({"plan": "medium"})),
        )
    };
    let (first, again) = (ask().await, ask().await);
    assert_eq!((first.status, again.status), (202, 202), "{}", again.text);
    assert_eq!(first.text, again.text);
    assert_eq!(first.header("etag"), again.header("etag"));
    assert_eq!(again.header("idempotency-replayed"), "true");
}
