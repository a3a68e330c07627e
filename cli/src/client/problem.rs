//! A problem of the API as something to read: one sentence and an exit code. Only
//! the rule: it asks nothing.

use reqwest::StatusCode;
use serde_json::Value;

use crate::exit::Failed;

/// What the API said against it; of what is no problem+json, the status alone.
pub fn problem(status: StatusCode, text: &str) -> Failed {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let said = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mut what = format!("{} ({status})", said("title"));
    for text in [said("detail"), field_errors(&value)] {
        if !text.is_empty() && !what.contains(text.trim_end_matches('.')) {
            what.push_str(": ");
            what.push_str(&text);
        }
    }
    if !said("request_id").is_empty() {
        what.push_str(&format!(" [request {}]", said("request_id")));
    }
    let mut failed = Failed::new(what);
    if status == StatusCode::UNAUTHORIZED {
        failed = failed.next("log in with `urumi login`, or set URUMI_API_KEY");
    }
    failed.code(match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => 2,
        StatusCode::NOT_FOUND => 3,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => 4,
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => 5,
        _ => 1,
    })
}

fn field_errors(problem: &Value) -> String {
    let errors = problem["errors"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let lines: Vec<&str> = errors
        .iter()
        .filter_map(|error| error["detail"].as_str())
        .collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_becomes_a_sentence_and_an_exit_code() {
        let said = r#"{"title":"Not found","detail":"There is no store `store-bcdfgh`.","request_id":"r1","errors":[{"detail":"one"},{"detail":"two"}]}"#;
        let failed = problem(StatusCode::NOT_FOUND, said);

        assert_eq!(failed.code, 3);
        assert_eq!(
            failed.what,
            "Not found (404 Not Found): There is no store `store-bcdfgh`.: one; two [request r1]"
        );
        assert_eq!(problem(StatusCode::CONFLICT, "").code, 5);
        let nobody = problem(StatusCode::UNAUTHORIZED, "{}");
        assert_eq!(nobody.code, 4);
        assert!(nobody.next.unwrap().contains("urumi login"));
        let twice = r#"{"title":"Invalid","detail":"`limit` must be a number.","errors":[{"detail":"must be a number"}]}"#;
        let failed = problem(StatusCode::BAD_REQUEST, twice);
        assert_eq!(failed.code, 2);
        assert_eq!(
            failed.what,
            "Invalid (400 Bad Request): `limit` must be a number."
        );
        assert_eq!(problem(StatusCode::INTERNAL_SERVER_ERROR, "<html>").code, 1);
    }
}
