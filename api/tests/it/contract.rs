//! The committed contract, and what every answer carries.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::document::Document;
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
fn every_operation_is_described_with_examples_and_all_its_problems() {
    let document = Document::read();
    assert_eq!(document.0["openapi"], "3.1.0");
    let (mut ids, mut lacking, mut examples) = (BTreeSet::new(), Vec::new(), Vec::new());
    for operation in document.operations() {
        let (raw, name) = (
            operation.raw,
            format!("{} {}", operation.method, operation.path),
        );
        let mut lacks = |what: String| lacking.push(format!("{name} lacks {what}"));
        for part in ["summary", "description", "operationId"] {
            if raw[part].as_str().is_none_or(|text| text.trim().is_empty()) {
                lacks(part.to_owned());
            }
        }
        if raw["tags"].as_array().is_none_or(Vec::is_empty) {
            lacks("a tag".to_owned());
        }
        if !ids.insert(raw["operationId"].to_string()) {
            lacks("an operationId of its own".to_owned());
        }
        for parameter in raw["parameters"].as_array().into_iter().flatten() {
            if !parameter["description"].is_string() {
                lacks(format!("a description of {}", parameter["name"]));
            }
        }
        if let Some(content) = raw["requestBody"]["content"].as_object() {
            for (kind, content) in content {
                examples.extend(unfit(&document, &format!("{name} body {kind}"), content));
            }
        }
        let mut granted = false;
        for (status, answer) in raw["responses"].as_object().unwrap() {
            granted |= status.starts_with('2');
            if answer["description"].as_str().is_none_or(str::is_empty) {
                lacks(format!("a description of {status}"));
            }
            for (kind, content) in answer["content"].as_object().into_iter().flatten() {
                examples.extend(unfit(
                    &document,
                    &format!("{name} {status} {kind}"),
                    content,
                ));
            }
            let refused = status.starts_with(['4', '5']);
            let problem = answer["content"]["application/problem+json"]["examples"].is_object();
            // The one answer of that kind that is no problem: it tells what is missing.
            if refused && !problem && (operation.path, status.as_str()) != ("/readyz", "503") {
                lacks(format!("the codes of {status} (openapi/problems.rs)"));
            }
        }
        if !granted {
            lacks("an answer that grants it".to_owned());
        }
    }
    lacking.append(&mut examples);
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

/// What is missing or wrong about the examples of some content.
fn unfit(document: &Document, name: &str, content: &Value) -> Vec<String> {
    let mut examples: Vec<&Value> = content.get("example").into_iter().collect();
    let named = content["examples"].as_object().into_iter().flatten();
    examples.extend(named.map(|(_, example)| &document.resolve(example)["value"]));
    if examples.is_empty() {
        return vec![format!("{name} lacks an example")];
    }
    if content["schema"].is_null() {
        return Vec::new();
    }
    let complaints = examples
        .iter()
        .flat_map(|example| document.complaints(&content["schema"], example));
    complaints
        .map(|complaint| format!("{name}, example{complaint}"))
        .collect()
}

#[actix_web::test]
async fn every_code_of_the_page_of_problems_is_one_of_some_operation_with_its_status() {
    let api = TestApi::ready("contract_codes").await;
    let page = api.get("/docs/problems").await.text;
    let document = Document::read();
    let mut named = BTreeSet::new();
    for operation in document.operations() {
        for (status, answer) in operation.raw["responses"].as_object().unwrap() {
            let examples = &answer["content"]["application/problem+json"]["examples"];
            for code in examples
                .as_object()
                .into_iter()
                .flatten()
                .map(|(code, _)| code)
            {
                named.insert(format!(
                    "<tr id=\"{code}\"><td><code>{code}</code><td>{status}<td>"
                ));
            }
        }
    }
    let rows = page.lines().filter(|line| line.starts_with("<tr id="));
    let left: Vec<&str> = rows
        .filter(|row| !named.iter().any(|start| row.starts_with(start)))
        .collect();
    // What is asked for is no operation: these two belong to none.
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(
        left[0].contains("path_not_found") && left[1].contains("method_not_allowed"),
        "{left:?}"
    );
}

#[actix_web::test]
async fn an_unknown_parameter_and_an_unknown_field_are_refused_by_every_operation() {
    let api = TestApi::ready("contract_unknown").await;
    let document = Document::read();
    let mut wrong = Vec::new();
    for operation in document.operations() {
        let method: Method = operation.method.to_uppercase().parse().unwrap();
        let id = if operation.path.starts_with("/stores/") {
            "store-bcdfgh"
        } else {
            "01900000-0000-7000-8000-000000000042"
        };
        let path = operation.path.replace("{id}", id).replace("{delivery}", id);
        let about = |code: &'static str, pointer: &str, answer: Answer| {
            let found = (
                answer.json["code"].as_str(),
                answer.json["errors"][0]["pointer"].as_str(),
            );
            (found != (Some(code), Some(pointer))).then(|| {
                format!(
                    "{} {path}: {} {}",
                    operation.method, answer.status, answer.text
                )
            })
        };
        let asked = api.request(method.clone(), &format!("{path}?surprise=1"));
        let answer = Answer::of(asked.send().await.unwrap()).await;
        wrong.extend(about("invalid_query", "/surprise", answer));
        if matches!(method, Method::POST | Method::PATCH | Method::PUT) {
            let mut body =
                operation.raw["requestBody"]["content"]["application/json"]["example"].clone();
            if !body.is_object() {
                body = json!({});
            }
            body["surprise"] = json!(1);
            let asked = api.request(method.clone(), &path).json(&body);
            let answer = Answer::of(asked.send().await.unwrap()).await;
            wrong.extend(about("invalid_body", "/surprise", answer));
        }
        // A POST can be sent again: it takes a key, whatever it is about.
        let keys = operation.raw["parameters"].as_array().into_iter().flatten();
        if method == Method::POST
            && !keys
                .into_iter()
                .any(|parameter| parameter["name"] == "Idempotency-Key")
        {
            wrong.push(format!("{path} takes no Idempotency-Key"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    std::fs::write(folder.join("assets/app.js"), "1;".repeat(4000)).unwrap();
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
    let small = api
        .request(Method::GET, "/assets/app.js")
        .header("accept-encoding", "gzip");
    let small = Answer::of(small.send().await.unwrap()).await;
    assert_eq!(small.header("content-encoding"), "gzip");
    assert!(small.text.len() < 400, "{} bytes", small.text.len());
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
