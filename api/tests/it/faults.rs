//! Fault points are in builds for tests only.

/// Built beside these tests, with the same features.
const PROGRAM: &str = env!("CARGO_BIN_EXE_urumi-api");

fn program_says(words: &str) -> bool {
    let program = std::fs::read(PROGRAM).unwrap();
    let words = words.as_bytes();
    program.windows(words.len()).any(|window| window == words)
}

/// Put together here, so that no optimization finds it in this text.
fn mark() -> String {
    ["URUMI", "FAULTS"].join("_")
}

#[cfg(not(feature = "faults"))]
#[test]
fn a_program_that_is_shipped_knows_nothing_of_faults() {
    assert!(!program_says(&mark()));
}

#[cfg(feature = "faults")]
mod with_faults {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_program_for_the_sweep_has_every_point_and_protection_of_the_api() {
        assert!(program_says(&mark()));
    }

    #[test]
    fn every_point_of_the_table_stands_in_the_source_once() {
        let mut found = BTreeSet::new();
        let mut folders = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/src").into()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir::<std::path::PathBuf>(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for word in text.split('"').filter(|word| word.starts_with("api.")) {
                    assert!(found.insert(word.to_owned()), "{word} stands twice");
                }
            }
        }
        let table: BTreeSet<_> = shared::fault::API
            .iter()
            .map(|point| point.name.to_owned())
            .collect();
        assert_eq!(found, table);
    }
}
