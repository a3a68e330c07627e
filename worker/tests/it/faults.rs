//! The table of fault points against the sources: none is missing, none is left
//! over. Needs no server.

use std::collections::BTreeSet;
use std::path::Path;

use shared::fault::{PROTECTIONS, WORKER};

/// Text in quotes of all sources below.
fn quoted(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            quoted(&path, into);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            // Every second part is inside of quotes; the names we look for are
            // in code without quotes that are escaped.
            let all = text
                .lines()
                .flat_map(|line| line.split('"').skip(1).step_by(2));
            into.extend(all.map(str::to_owned));
        }
    }
}

fn in_sources() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    quoted(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    found
}

fn is_point(name: &str) -> bool {
    let mut words = name.split('.');
    matches!(words.next(), Some("worker" | "guard"))
        && name.contains('.')
        && words.all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()))
}

#[test]
fn every_fault_point_of_the_sources_is_in_the_table_and_the_other_way_round() {
    let used: BTreeSet<String> = in_sources().into_iter().filter(|n| is_point(n)).collect();
    let table: BTreeSet<String> = WORKER.iter().map(|point| point.name.to_owned()).collect();

    assert_eq!(used, table);
}

#[test]
fn the_workers_protections_can_be_taken_out() {
    let used = in_sources();
    for protection in [
        "ack-after-effect",
        "fencing",
        "settled",
        "helm-guard",
        "probe",
    ] {
        assert!(PROTECTIONS.contains(&protection), "{protection}");
        assert!(used.contains(protection), "{protection}");
    }
}
