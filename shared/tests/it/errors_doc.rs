//! The table of docs/ERRORS.md, written from the failure codes themselves.
//! `UPDATE_DOCS=1` writes it anew.

use std::fmt::Write as _;
use std::path::PathBuf;

use shared::failure::FailureCode;

const BEGIN: &str = "<!-- written by a test: begin -->\n";
const END: &str = "<!-- written by a test: end -->";

fn table() -> String {
    let mut text = String::from(
        "\n| code | what it says | tried again by itself | what to do |\n|---|---|---|---|\n",
    );
    for code in FailureCode::ALL {
        let again = if code.retryable() { "yes" } else { "no" };
        writeln!(
            text,
            "| `{}` | {} | {again} | {} |",
            code.as_str(),
            code.sentence(),
            code.next_action()
        )
        .unwrap();
    }
    text.push('\n');
    text
}

#[test]
fn the_errors_page_is_what_the_codes_say() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/ERRORS.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    let wanted = table();
    if found != wanted && std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }

    assert_eq!(
        found, wanted,
        "docs/ERRORS.md is not what the codes say; run the test with UPDATE_DOCS=1"
    );
}

#[test]
fn the_runbook_has_a_section_for_each_code() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/RUNBOOK.md");
    let runbook = std::fs::read_to_string(path).unwrap();
    for code in FailureCode::ALL {
        let head = format!("\n### {code:?}\n");
        assert!(
            runbook.contains(&head),
            "docs/RUNBOOK.md has no `### {code:?}`"
        );
    }
}
