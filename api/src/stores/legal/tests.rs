//! The table of docs/STATES.md, written from the rules. `UPDATE_DOCS=1` writes
//! the file; otherwise it is compared.

use std::fmt::Write as _;
use std::path::Path;

use shared::operation::{OperationKind, OperationStatus};

use super::*;
use crate::projector::status;
use crate::projector::tests::{at, records};
use crate::record::Previous;

const BEGIN: &str = "<!-- wishes, written by a test: begin -->\n";
const END: &str = "<!-- wishes, written by a test: end -->\n";

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
fn docs_states_md_says_what_may_be_asked_for_when() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/STATES.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the begin mark");
    let (_, after) = rest.split_once(END).expect("the end mark");
    let expected = format!("{before}{BEGIN}\n{}\n{END}{after}", table());
    if std::env::var("UPDATE_DOCS").is_ok() {
        std::fs::write(&path, &expected).unwrap();
        return;
    }
    assert!(
        text == expected,
        "docs/STATES.md is not what the rules say; run this test alone with UPDATE_DOCS=1:\n{}",
        table()
    );
}

fn table() -> String {
    let mut table = String::from(
        "| store | newest operation | change, upgrade | rollback | suspend | resume | retry | cancel |\n|---|---|---|---|---|---|---|---|\n",
    );
    let kinds = [
        OperationKind::Create,
        OperationKind::Update,
        OperationKind::Rollback,
        OperationKind::Suspend,
        OperationKind::Resume,
        OperationKind::Delete,
    ];
    for kind in kinds {
        for operation_status in OperationStatus::ALL {
            let (store, operation) = standing(kind, operation_status);
            let _ = writeln!(
                table,
                "| {} | {} {} | {} | {} | {} | {} | {} | {} |",
                store.status.as_str(),
                kind.as_str(),
                operation_status.as_str(),
                said(update(&store, &operation).map(OperationKind::as_str)),
                said(rollback(&store, &operation).map(|_| "Rollback")),
                said(rests(&store, &operation, true)),
                said(rests(&store, &operation, false)),
                said(retry(&store, &operation).map(OperationKind::as_str)),
                said(
                    cancel(&store, &operation, at(0)).map(|cancel| match cancel {
                        Cancel::End => "Failed(Cancelled)",
                        Cancel::Return(_) => "Rollback",
                        Cancel::Keep(_) => "Update",
                    })
                ),
            );
        }
    }
    table
}

fn rests(
    store: &StoreRecord,
    operation: &OperationRecord,
    suspended: bool,
) -> Result<&'static str, Refusal> {
    rest(store, operation, suspended).map(|spec| match (spec, suspended) {
        (None, _) => "so already",
        (Some(_), true) => "Suspend",
        (Some(_), false) => "Resume",
    })
}

fn standing(kind: OperationKind, status: OperationStatus) -> (StoreRecord, OperationRecord) {
    let (mut store, mut operation) = records(kind);
    operation.status = status;
    store.status = status::of(kind, status);
    store.spec.suspended = store.status == StoreStatus::Suspended;
    store.previous = (kind == OperationKind::Update).then(|| Previous {
        chart: Some("0.1.0".to_owned()),
        image: None,
        generation: operation.generation,
    });
    (store, operation)
}

fn said(result: Result<&'static str, Refusal>) -> String {
    match result {
        Ok(what) => format!("**{what}**"),
        Err(refusal) => format!("`{}`", refusal.code()),
    }
}

#[test]
fn every_refusal_names_the_store_and_what_to_do() {
    for kind in OperationKind::ALL {
        for operation_status in OperationStatus::ALL {
            let (store, operation) = standing(kind, operation_status);
            let refusals = [
                update(&store, &operation).err(),
                retry(&store, &operation).err(),
                cancel(&store, &operation, at(0)).err(),
                rollback(&store, &operation).err(),
                rest(&store, &operation, true).err(),
            ];
            for refusal in refusals.into_iter().flatten() {
                assert!(refusal.to_string().contains("store-bcdfgh"), "{refusal}");
                assert!(refusal.advice().ends_with('.'), "{}", refusal.advice());
            }
        }
    }
}

#[test]
fn a_cancelled_update_returns_to_what_was_ready() {
    let (store, operation) = standing(OperationKind::Update, OperationStatus::Running);
    let safe = store.safe_spec.clone().unwrap();
    assert_ne!(Some(&safe), operation.spec.as_ref());
    assert_eq!(
        cancel(&store, &operation, at(0)),
        Ok(Cancel::Return(Box::new(safe)))
    );
}

#[test]
fn a_delete_is_undone_until_it_may_begin_and_never_after() {
    let (store, mut delete) = standing(OperationKind::Delete, OperationStatus::Queued);
    delete.not_before = Some(at(60));
    let kept = Cancel::Keep(Box::new(store.spec.clone()));
    assert_eq!(cancel(&store, &delete, at(59)), Ok(kept));
    let refused = cancel(&store, &delete, at(60)).unwrap_err();
    assert_eq!(refused.code(), "not_cancellable");
}

#[test]
fn a_login_link_needs_a_store_that_serves_with_the_platforms_key() {
    let (ready, _) = standing(OperationKind::Update, OperationStatus::Succeeded);
    let serving = |chart: &str, key: Option<&str>| {
        let safe = StoreSpec {
            chart: Some(chart.to_owned()),
            login_key: key.map(Into::into),
            ..ready.spec.clone()
        };
        StoreRecord {
            safe_spec: Some(safe),
            ..ready.clone()
        }
    };
    for (store, said) in [
        (serving("0.2.0", Some("key")), None),
        (serving("0.10.1-rc.1", Some("key")), None),
        (serving("0.2.0", Some("old")), Some("no_login_key")),
        (serving("0.2.0", None), Some("no_login_key")),
        (serving("0.1.9", Some("key")), Some("chart_too_old")),
        (serving("", Some("key")), Some("chart_too_old")),
    ] {
        let refusal = login(&store, "key").err();
        assert_eq!(refusal.as_ref().map(Refusal::code), said, "{store:?}");
    }
    for status in StoreStatus::ALL {
        let store = StoreRecord {
            status,
            ..serving("0.2.0", Some("key"))
        };
        let serves = matches!(status, StoreStatus::Ready | StoreStatus::Updating);
        assert_eq!(login(&store, "key").is_ok(), serves, "{status:?}");
    }
}
