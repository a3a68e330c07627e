//! One store or one operation for people: what is known beside its line.

use serde_json::Value;

use super::table::{plain, seconds};
use super::text;

/// A store: what it is, how it does, what is being done step by step, and why
/// something failed.
pub fn store(store: &Value) -> String {
    let wanted = &store["wanted"];
    let mut lines = Vec::new();
    fact(&mut lines, "plan", &text(&store["plan"]));
    fact(&mut lines, "replicas", &text(&wanted["replicas"]));
    fact(&mut lines, "chart", &text(&store["chart"]));
    fact(&mut lines, "image", &text(&wanted["image"]));
    if store["shop"] == "WordPress" {
        fact(&mut lines, "shop", "none: a plain WordPress");
    }
    fact(&mut lines, "owner", &text(&store["admin_email"]));
    let health = &store["health"];
    fact(&mut lines, "health", &text(&health["status"]));
    for reason in each(&health["reasons"]) {
        fact(&mut lines, "", &text(&reason["message"]));
    }
    let doing = &store["operation"];
    if doing.is_object() {
        lines.push(operation(doing));
    }
    // The operation's own failure says the same.
    if store["failure"].is_object() && !doing["failure"].is_object() {
        failure(&mut lines, &store["failure"]);
    }
    lines.join("\n")
}

/// An operation: its attempt, what it waits for, its steps with their durations,
/// and its failure.
pub fn operation(operation: &Value) -> String {
    let mut lines = Vec::new();
    let (kind, status) = (text(&operation["kind"]), text(&operation["status"]));
    let (attempt, most) = (&operation["attempt"], text(&operation["max_attempts"]));
    let tried = match attempt.as_u64() {
        Some(attempt) if attempt > 1 => format!(", attempt {attempt} of {most}"),
        _ => String::new(),
    };
    fact(&mut lines, "operation", &format!("{kind} {status}{tried}"));
    fact(&mut lines, "waits", &text(&operation["waiting"]["message"]));
    for step in each(&operation["steps"]) {
        let took = seconds(&step["duration_ms"]);
        let line = format!(
            "  {:<12} {:<11} {took:>9}  {}",
            text(&step["step"]),
            text(&step["outcome"]),
            plain(&text(&step["waiting"]["message"]))
        );
        lines.push(line.trim_end().to_owned());
    }
    if operation["failure"].is_object() {
        failure(&mut lines, &operation["failure"]);
    }
    lines.join("\n")
}

/// A store's inside: a line for each container, each volume, and each resource.
pub fn inside(inside: &Value) -> String {
    let mut lines = Vec::new();
    for pod in each(&inside["pods"]) {
        let ready = if pod["ready"] == true {
            "ready"
        } else {
            "not ready"
        };
        let (name, phase) = (text(&pod["name"]), text(&pod["phase"]));
        fact(&mut lines, "pod", &format!("{name}  {phase}, {ready}"));
        for container in each(&pod["containers"]) {
            let state = [text(&container["state"]), text(&container["reason"])];
            let restarts = match container["restarts"].as_u64() {
                None | Some(0) => String::new(),
                Some(1) => ", 1 restart".to_owned(),
                Some(restarts) => format!(", {restarts} restarts"),
            };
            let (name, image) = (text(&container["name"]), text(&container["image"]));
            let state = state.join(" ");
            let line = format!("  {name:<12} {}{restarts}  {image}", state.trim());
            lines.push(plain(&line));
        }
    }
    for volume in each(&inside["volumes"]) {
        let parts = ["name", "size", "phase"].map(|key| text(&volume[key]));
        fact(&mut lines, "volume", &parts.join("  "));
    }
    for one in each(&inside["usage"]) {
        let (used, limit) = (text(&one["used"]), text(&one["limit"]));
        let resource = text(&one["resource"]);
        fact(
            &mut lines,
            "usage",
            &format!("{resource:<24} {used} of {limit}"),
        );
    }
    if lines.is_empty() {
        lines.push("there is nothing of it in the cluster".to_owned());
    }
    lines.join("\n")
}

fn failure(lines: &mut Vec<String>, failure: &Value) {
    let (code, message) = (text(&failure["code"]), text(&failure["message"]));
    fact(lines, "failure", &format!("{code}: {message}"));
    fact(lines, "", &format!("→ {}", text(&failure["next_action"])));
    for piece in each(&failure["evidence"]) {
        let (object, said) = (text(&piece["object"]), text(&piece["text"]));
        fact(lines, "", &format!("{object}: {said}"));
    }
}

/// A line with its name, where there is something to say.
fn fact(lines: &mut Vec<String>, name: &str, value: &str) {
    if !value.is_empty() {
        lines.push(format!("{name:<10} {}", plain(value)));
    }
}

fn each(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_failed_store_says_its_code_its_cause_and_what_to_do() {
        let printed = store(&json!({
            "plan": "small", "chart": "0.1.0", "admin_email": "a@example.com",
            "wanted": {"replicas": 2, "image": null},
            "health": {"status": "Degraded", "reasons": [{"message": "database-0 is gone"}]},
            "operation": {
                "kind": "Provision", "status": "Failed", "attempt": 2, "max_attempts": 5,
                "steps": [{"step": "Rollout", "outcome": "Failed", "duration_ms": 1250,
                    "waiting": null}],
                "failure": {"code": "ImageNotFound", "message": "no such image",
                    "next_action": "name another",
                    "evidence": [{"object": "pod/web", "text": "not found"}]}
            },
            "failure": {"code": "ImageNotFound", "message": "no such image"}
        }));
        assert_eq!(
            printed,
            "plan       small\n\
             replicas   2\n\
             chart      0.1.0\n\
             owner      a@example.com\n\
             health     Degraded\n           \
             database-0 is gone\n\
             operation  Provision Failed, attempt 2 of 5\n  \
             Rollout      Failed          1.2 s\n\
             failure    ImageNotFound: no such image\n           \
             → name another\n           \
             pod/web: not found"
        );
    }

    #[test]
    fn a_store_says_what_it_is_made_of_and_what_that_takes() {
        let printed = inside(&json!({
            "pods": [{"name": "mysql-0", "phase": "Running", "ready": false, "containers": [
                {"name": "mysql", "image": "mysql:8.4", "state": "Waiting",
                    "reason": "CrashLoopBackOff", "restarts": 3}]}],
            "volumes": [{"name": "data-mysql-0", "phase": "Bound", "size": "2Gi"}],
            "usage": [{"resource": "requests.memory", "used": "512Mi", "limit": "1Gi"}]
        }));
        assert_eq!(
            printed,
            "pod        mysql-0  Running, not ready\n  \
             mysql        Waiting CrashLoopBackOff, 3 restarts  mysql:8.4\n\
             volume     data-mysql-0  2Gi  Bound\n\
             usage      requests.memory          512Mi of 1Gi"
        );
    }

    #[test]
    fn a_store_without_an_operation_is_no_empty_line() {
        let printed = store(&json!({"health": {"status": "Unknown"}, "operation": null}));
        assert_eq!(printed, "health     Unknown");
    }
}
