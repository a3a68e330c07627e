//! Every action that the sources name stands in one of the lists, and in docs/API.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

/// They change a store, an operation, or who may do what.
const CHANGES: [&str; 40] = [
    "dead_letter.replayed",
    "key.created",
    "key.revoked",
    "operation.cancelled",
    "operation.failed",
    "operation.reissued",
    "operation.started",
    "operation.succeeded",
    "operation.superseded",
    "session.closed",
    "session.opened",
    "store.adopt.requested",
    "store.cancel.requested",
    "store.create.requested",
    "store.degraded",
    "store.delete.hastened",
    "store.delete.requested",
    "store.delete.undone",
    "store.delete_failed",
    "store.deleted",
    "store.failed",
    "store.purge.requested",
    "store.ready",
    "store.recovered",
    "store.resume.requested",
    "store.resumed",
    "store.retry.requested",
    "store.rollback.requested",
    "store.suspend.requested",
    "store.suspended",
    "store.update.requested",
    "store.upgrade.requested",
    "tenant.created",
    "tenant.limits.changed",
    "webhook.created",
    "webhook.deleted",
    "webhook.delivery.replayed",
    "webhook.disabled",
    "webhook.secret_rotated",
    "webhook.updated",
];

/// Wishes that were not granted end with this, and changed nothing.
const REFUSED: &str = ".refused";

/// What an action begins with. Names of columns, queues and events of the stream
/// begin so too: those are told apart by [`OTHERS`].
const AREAS: [&str; 9] = [
    "access.",
    "audit.",
    "dead_letter.",
    "key.",
    "operation.",
    "session.",
    "store.",
    "tenant.",
    "webhook.",
];

/// Of the stream, of the broker, of logs.
const OTHERS: [&str; 10] = [
    "operation.changed",
    "operation.id",
    "operation.step",
    "store.changed",
    "store.commands",
    "store.control",
    "store.events",
    "store.health_changed",
    "store.id",
    "store.status_changed",
];

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if !path.ends_with("audit/change.rs") && !path.ends_with("audit/change/tests.rs") {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// Words in quotes that may name an action.
fn named() -> BTreeSet<String> {
    let mut texts = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut texts,
    );
    let is_word = |word: &str| {
        AREAS.iter().any(|area| word.starts_with(area))
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || "._".contains(c))
    };
    let words = texts.iter().flat_map(|text| text.split('"'));
    let words = words.filter(|word| is_word(word) && !OTHERS.contains(word));
    words.map(str::to_owned).collect()
}

#[test]
fn every_action_of_the_sources_is_a_change_a_tale_or_a_refusal() {
    let named = named();
    for word in &named {
        let lists = [
            word.ends_with(REFUSED),
            CHANGES.contains(&word.as_str()),
            TELLS.contains(&word.as_str()),
        ];
        let times = lists.iter().filter(|listed| **listed).count();
        assert_eq!(
            times, 1,
            "`{word}` has to stand in one list of audit/change.rs"
        );
    }
    for action in CHANGES.iter().chain(&TELLS) {
        assert!(named.contains(*action), "nothing says `{action}`");
    }
}

#[test]
fn the_document_names_every_action() {
    let document = include_str!("../../../../docs/API.md");
    for action in named() {
        assert!(
            document.contains(&format!("`{action}`")),
            "docs/API.md does not name `{action}`"
        );
    }
}

#[test]
fn a_move_names_both_ends_and_keeps_the_rest() {
    let (was, is) = (StoreStatus::Ready, StoreStatus::Deleting);
    let told = moved(
        (was, Generation(1)),
        (is, Generation(2)),
        json!({ "kind": "Delete" }),
    );
    assert_eq!(
        told,
        json!({
            "kind": "Delete",
            "before": { "status": "Ready", "generation": 1 },
            "after": { "status": "Deleting", "generation": 2 },
        })
    );
}
