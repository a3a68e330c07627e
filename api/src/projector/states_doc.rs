//! The state tables of docs/STATES.md, written from the rule. `UPDATE_DOCS=1`
//! writes the file; otherwise it is compared.

use std::fmt::Write as _;
use std::path::Path;

use shared::contract::event::EventBody;
use shared::failure::FailureCode;
use shared::ids::{Generation, OperationId};
use shared::operation::{OperationKind, OperationStatus};
use shared::step::Step;

use crate::projector::rule::{CommandChange, project};
use crate::projector::status;
use crate::projector::tests::{at, event, failed, ready, records, started};
use crate::record::EndedBy;

const BEGIN: &str = "<!-- written by a test: begin -->\n";
const END: &str = "<!-- written by a test: end -->\n";

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
fn docs_states_md_says_what_the_rule_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/STATES.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the begin mark");
    let (_, after) = rest.split_once(END).expect("the end mark");
    let expected = format!("{before}{BEGIN}\n{}\n{END}{after}", tables());
    if std::env::var("UPDATE_DOCS").is_ok() {
        std::fs::write(&path, &expected).unwrap();
        return;
    }
    assert!(
        text == expected,
        "docs/STATES.md is not what the rule says; run the test with UPDATE_DOCS=1:\n{}",
        tables()
    );
}

fn tables() -> String {
    format!("{}\n{}", stores(), operations())
}

fn stores() -> String {
    let mut table = String::from("### Status of a store, by its newest operation\n\n| operation |");
    for status in OperationStatus::ALL {
        let _ = write!(table, " {} |", status.as_str());
    }
    table.push_str("\n|---|---|---|---|---|---|---|\n");
    for kind in OperationKind::ALL {
        let _ = write!(table, "| {} |", kind.as_str());
        for operation in OperationStatus::ALL {
            let _ = write!(table, " {} |", status::of(kind, operation).as_str());
        }
        table.push('\n');
    }
    table
}

fn operations() -> String {
    let mut table = String::from("### What an event does to its operation\n\n");
    table.push_str("Status afterwards, and what becomes of its command in the outbox.\n\n");
    table.push_str("| event | Queued | Running | closed by a report | ended by the api | older than the store |\n|---|---|---|---|---|---|\n");
    for (name, body) in events() {
        let _ = write!(table, "| {name} |");
        for state in ["queued", "running", "closed", "ended", "older"] {
            let _ = write!(table, " {} |", cell(state, &body));
        }
        table.push('\n');
    }
    table
}

fn events() -> Vec<(&'static str, EventBody)> {
    let deferred = EventBody::Deferred {
        until: at(60),
        reason: String::new(),
    };
    let waiting = EventBody::StepWaiting {
        step: Step::Rollout,
        message: String::new(),
        cause: None,
        run: 0,
    };
    let finished = EventBody::StepFinished {
        step: Step::Rollout,
        changed: true,
        failed: false,
        run: 0,
    };
    vec![
        ("StepStarted", started(Step::Rollout)),
        ("StepWaiting", waiting),
        ("StepFinished", finished),
        ("Ready", ready()),
        (
            "Failed, a retry can help",
            failed(FailureCode::CrashLoop, true),
        ),
        (
            "Failed, a retry cannot help",
            failed(FailureCode::HostConflict, true),
        ),
        (
            "Stopped, by our own newer generation",
            EventBody::Stopped {
                newer: Generation(3),
            },
        ),
        (
            "Stopped, by a generation we do not know",
            EventBody::Stopped {
                newer: Generation(9),
            },
        ),
        ("Deferred", deferred),
    ]
}

fn cell(state: &str, body: &EventBody) -> String {
    let (mut store, mut operation) = records(OperationKind::Update);
    let mut tell = |body| {
        let event = event(&operation, 1, 5, body);
        let changes = project(&store, &operation, None, &event).unwrap();
        (store, operation) = (changes.store, changes.operation);
    };
    if state != "queued" {
        tell(started(Step::Release));
    }
    if state == "closed" {
        tell(ready());
    }
    if state == "ended" {
        operation.ended_by = Some(EndedBy::Delete);
        operation.status = OperationStatus::Superseded;
        operation.finished_at = Some(at(1));
    }
    if state == "older" {
        store.current_operation_id = OperationId::new();
    }
    if state == "older" || matches!(body, EventBody::Stopped { newer } if newer.0 == 3) {
        store.generation = Generation(3);
    }
    let event = event(&operation, 1, 9, body.clone());
    let changes = project(&store, &operation, None, &event).unwrap();
    let command = match changes.command {
        CommandChange::Settle if operation.is_open() => ", command done",
        CommandChange::Keep | CommandChange::Settle => "",
        CommandChange::Retry { .. } => ", sent again as the next attempt",
        CommandChange::Defer { .. } => ", sent again later, uncounted",
        CommandChange::Reissue { .. } => ", sent again under a higher generation",
    };
    let touched = if changes.store == store {
        ""
    } else {
        "; store follows"
    };
    format!("{}{command}{touched}", changes.operation.status.as_str())
}
