//! The committed contract, and what every answer carries.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Answer, TestApi};

#[test]
fn openapi_json_is_what_the_program_says() {
    let committed = include_str!("../../openapi.json");
    assert!(
        committed == api::openapi::json(),
        "api/openapi.json is old; run: cargo run -p urumi-api -- openapi > api/openapi.json"
    );
}

#[test]
fn docs_api_md_lists_every_path_and_its_curl_lines_name_real_ones() {
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let text = include_str!("../../../docs/API.md");
    for path in document["paths"].as_object().unwrap().keys() {
        let fixed = path.split('{').next().unwrap();
        assert!(text.contains(fixed), "docs/API.md says nothing of {path}");
    }
}

#[actix_web::test]
async fn docs_api_md_and_the_page_of_problems_list_the_same_codes() {
    let api = TestApi::ready("problem_codes").await;
    let page = api.get("/docs/problems").await.text;
    let text = include_str!("../../../docs/API.md");
    let mut codes = 0;
    for row in page.lines().filter(|line| line.starts_with("<tr id=")) {
        let cell = |place: usize| row.split("<td>").nth(place).unwrap();
        let code = cell(1)
            .trim_start_matches("<code>")
            .trim_end_matches("</code>");
        let line = format!("| `{code}` | {} | {} |", cell(2), cell(3));
        assert!(text.contains(&line), "docs/API.md lacks: {line}");
        codes += 1;
    }
    assert!(codes > 10, "{page}");
}

#[test]
fn every_operation_has_an_id_a_summary_and_its_problems() {
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(
                ids.insert(operation["operationId"].to_string()),
                "{method} {path}"
            );
        }
    }
}

#[actix_web::test]
async fn every_answer_carries_a_request_id_and_a_sane_one_is_kept() {
    let api = TestApi::ready("request_id").await;
    let mine = "01900000-0000-7000-8000-000000000042";
    for path in ["/stores", "/nothing", "/healthz", "/docs/", "/openapi.json"] {
        let answer = Answer::of(
            api.request(Method::GET, path)
                .header("X-Request-Id", mine)
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(answer.header("x-request-id"), mine, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let nil = "00000000-0000-0000-0000-000000000000";
        let nameless = api.request(Method::GET, path).header("X-Request-Id", nil);
        let answer = Answer::of(nameless.send().await.unwrap()).await;
        assert_ne!(answer.header("x-request-id"), nil, "{path}");
        let answer = Answer::of(
            api.request(Method::GET, path)
                .header("X-Request-Id", "a b\tc")
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
    }
}

#[actix_web::test]
async fn the_documents_come_from_this_server_alone() {
    let api = TestApi::ready("docs").await;
    assert_eq!(api.get("/openapi.json").await.text, api::openapi::json());
    let page = api.get("/docs").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("swagger-ui"), "{}", page.text);
    assert!(
        !page.text.contains("http://") && !page.text.contains("https://"),
        "{}",
        page.text
    );
    assert_eq!(api.get("/docs/swagger-ui.css").await.status, 200);
    assert!(
        api.get("/docs/problems")
            .await
            .text
            .contains("id=\"invalid_body\"")
    );
}

#[actix_web::test]
async fn the_dashboard_is_served_from_its_folder_and_nothing_beside_it() {
    let folder = std::env::temp_dir().join(format!("urumi-dashboard-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    std::fs::write(folder.join("index.html"), "<p>dashboard</p>").unwrap();
    std::fs::write(folder.join("assets/app.js"), "1").unwrap();
    std::fs::write(folder.join("secret.txt"), "no").unwrap();
    let api = TestApi::ready_with(
        "dashboard",
        &[("URUMI_DASHBOARD_DIR", folder.to_str().unwrap())],
    )
    .await;

    let index = api.get("/").await;
    assert_eq!(
        (index.status, index.text.as_str()),
        (200, "<p>dashboard</p>")
    );
    assert!(
        index
            .header("content-security-policy")
            .starts_with("default-src 'self'")
    );
    for page in ["/ui/", "/ui/stores", "/ui/stores/store-bcdf24/audit?a=b"] {
        let shown = api.get(page).await;
        assert_eq!((shown.status, &shown.text), (200, &index.text), "{page}");
        assert_eq!(
            shown.header("content-security-policy"),
            index.header("content-security-policy")
        );
    }
    assert_eq!(
        api.get("/assets/app.js").await.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    for path in [
        "/secret.txt",
        "/assets/../secret.txt",
        "/assets/%2e%2e/secret.txt",
        "/assets/",
        "/assets/none.js",
    ] {
        let answer = api.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (404, "application/problem+json"),
            "{path}"
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[actix_web::test]
async fn head_is_answered_like_get_without_a_body() {
    let api = TestApi::ready("head").await;
    let answer = Answer::of(api.request(Method::HEAD, "/stores").send().await.unwrap()).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
}
