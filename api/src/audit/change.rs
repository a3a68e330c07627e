//! Which actions stand for a change. A row of one has `before` and `after` in its
//! details: null where there was, or is, nothing. Details are part of what is
//! hashed, so a row that was written before this rule verifies as ever. Pure.

use serde_json::{Value, json};
use shared::ids::Generation;
use shared::store_status::StoreStatus;

/// They tell how a change goes, and leave the record as it is. Every other action
/// is a change, or ends with `.refused`.
pub const TELLS: [&str; 7] = [
    "operation.attempt_failed",
    "operation.deferred",
    "operation.late_report",
    "operation.repaired",
    "operation.waiting",
    "store.login.succeeded",
    "store.login_link.given",
];

/// What a row of that action holds; `more` is an object.
pub fn told(before: &Value, after: &Value, more: Value) -> Value {
    let mut told = more;
    told["before"] = before.clone();
    told["after"] = after.clone();
    told
}

/// A store on its way from one status and generation to others.
pub fn moved(
    before: (StoreStatus, Generation),
    after: (StoreStatus, Generation),
    more: Value,
) -> Value {
    let stand = |(status, generation): (StoreStatus, Generation)| json!({ "status": status, "generation": generation });
    told(&stand(before), &stand(after), more)
}

#[cfg(test)]
mod tests;
