//! What one look at a store or an operation has shown. Only the rule: it asks nothing.

use serde_json::Value;

use crate::exit::Failed;
use crate::output::text;

/// Whether there is more to wait for.
#[derive(Debug, PartialEq, Eq)]
pub enum Look {
    Ended,
    /// In what state it is.
    Still(String),
    Failed(Failed),
}

/// A store on its way to that status.
pub fn became(store: &Value, wanted: &str) -> Look {
    let (id, now) = (text(&store["id"]), text(&store["status"]));
    match now.as_str() {
        _ if now == wanted => Look::Ended,
        "Failed" | "DeleteFailed" => failed(format!("{id} is {now}"), &store["failure"]),
        "Deleting" | "Deleted" if wanted != "Deleted" => Look::Failed(
            Failed::new(format!(
                "{id} is {now}: its removal was asked for meanwhile"
            ))
            .next(format!("see who did with `urumi audit list --store {id}`")),
        ),
        _ => Look::Still(format!("{id} is still {now}")),
    }
}

/// An operation on its way to its end; a cancelled one has ended as was asked for.
pub fn ended(operation: &Value) -> Look {
    let now = text(&operation["status"]);
    match now.as_str() {
        "Succeeded" | "Cancelled" => Look::Ended,
        "Queued" | "Running" => Look::Still(format!("{} is still {now}", of(operation))),
        _ => failed(format!("{} is {now}", of(operation)), &operation["failure"]),
    }
}

/// As [`ended`], for whoever wants what it is for: cancelled, that is not so.
pub fn done(operation: &Value) -> Look {
    match operation["status"] == "Cancelled" {
        true => failed(
            format!("{} is Cancelled", of(operation)),
            &operation["failure"],
        ),
        false => ended(operation),
    }
}

fn of(operation: &Value) -> String {
    let (kind, store) = (text(&operation["kind"]), text(&operation["store_id"]));
    format!("{kind} of {store}")
}

fn failed(mut what: String, failure: &Value) -> Look {
    for said in [&failure["code"], &failure["message"]] {
        if let Some(said) = said.as_str() {
            what = format!("{what}: {said}");
        }
    }
    let failed = Failed::new(what);
    Look::Failed(match failure["next_action"].as_str() {
        Some(next) => failed.next(next),
        None => failed,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn operation(status: &str) -> Value {
        let failure = json!({"code": "X", "message": "m", "next_action": "n"});
        json!({"kind": "Update", "store_id": "s", "status": status, "failure": failure})
    }

    #[test]
    fn an_operation_ends_well_badly_or_not_yet() {
        let bad =
            |now: &str| Look::Failed(Failed::new(format!("Update of s is {now}: X: m")).next("n"));
        for rule in [ended, done] {
            assert_eq!(rule(&operation("Succeeded")), Look::Ended);
            let still = Look::Still("Update of s is still Queued".into());
            assert_eq!(rule(&operation("Queued")), still);
            assert_eq!(rule(&operation("Failed")), bad("Failed"));
        }
        assert_eq!(ended(&operation("Cancelled")), Look::Ended);
        assert_eq!(done(&operation("Cancelled")), bad("Cancelled"));
        let mut superseded = operation("Superseded");
        superseded["failure"] = Value::Null;
        let bare = Failed::new("Update of s is Superseded");
        assert_eq!(done(&superseded), Look::Failed(bare));
    }

    #[test]
    fn a_store_that_is_removed_becomes_nothing_else() {
        let of = |status: &str, wanted| {
            became(
                &json!({"id": "s", "status": status, "failure": null}),
                wanted,
            )
        };
        for now in ["Deleting", "Deleted"] {
            let Look::Failed(failed) = of(now, "Ready") else {
                panic!("{now} is no end")
            };
            assert_eq!(failed.code, 1);
            assert!(
                failed.what.starts_with(&format!("s is {now}: ")),
                "{failed:?}"
            );
            assert!(failed.next.unwrap().contains("urumi audit list --store s"));
        }
        assert_eq!(
            of("Deleting", "Deleted"),
            Look::Still("s is still Deleting".into())
        );
        assert_eq!(of("Deleted", "Deleted"), Look::Ended);
        assert_eq!(of("Ready", "Ready"), Look::Ended);
        assert_eq!(
            of("Queued", "Ready"),
            Look::Still("s is still Queued".into())
        );
        assert_eq!(
            of("Failed", "Ready"),
            Look::Failed(Failed::new("s is Failed"))
        );
    }
}
