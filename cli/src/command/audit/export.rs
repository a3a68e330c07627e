//! `urumi audit export`: the signed file, written as it comes. A file that breaks
//! off never has the name that was asked for.

use std::fs::{self, File};
use std::io::{Write, stdout};
use std::path::Path;

use serde_json::Value;

use crate::client::Client;
use crate::exit::Failed;

/// Longer than any signature; of the file, no more is kept in memory.
const TAIL: usize = 64 * 1024;

/// Write it.
///
/// # Errors
/// That the API refuses, that it broke off before the signature, or that nothing can
/// be written there.
pub async fn run(client: &Client, file: Option<&Path>, from: Option<u64>) -> Result<(), Failed> {
    let from = from.map(|from| from.to_string());
    let query: Vec<_> = from
        .iter()
        .map(|from| ("from_seq", from.as_str()))
        .collect();
    let Some(file) = file else {
        return copy(client, &query, &mut stdout().lock()).await;
    };
    let unfinished = file.with_added_extension("part");
    let named = |error: std::io::Error| unwritable(&file.display().to_string(), &error);
    let mut to = File::create(&unfinished).map_err(named)?;
    if let Err(failed) = copy(client, &query, &mut to).await {
        // What is left is of no use; that it stays does no harm either.
        let _ = fs::remove_file(&unfinished);
        return Err(failed);
    }
    to.sync_all()
        .and_then(|()| fs::rename(&unfinished, file))
        .map_err(named)?;
    eprintln!("written to {}", file.display());
    Ok(())
}

async fn copy(client: &Client, query: &[(&str, &str)], to: &mut impl Write) -> Result<(), Failed> {
    let mut stream = client
        .stream("/audit/export", query, "application/jsonl", None)
        .await?;
    let mut tail = Vec::new();
    loop {
        match stream.next().await {
            Err(why) => return Err(broken(&why)),
            Ok(None) => break,
            Ok(Some(piece)) => {
                to.write_all(&piece)
                    .map_err(|error| unwritable("standard output", &error))?;
                tail.extend_from_slice(&piece);
                tail.drain(..tail.len().saturating_sub(TAIL));
            }
        }
    }
    to.flush()
        .map_err(|error| unwritable("standard output", &error))?;
    if signed(&tail) {
        return Ok(());
    }
    Err(broken("its last line is no signature"))
}

/// Whether the last line signs the others.
fn signed(tail: &[u8]) -> bool {
    let Some(rest) = tail.strip_suffix(b"\n") else {
        return false;
    };
    let begin = rest
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    serde_json::from_slice::<Value>(&rest[begin..]).is_ok_and(|line| line["kind"] == "signature")
}

fn broken(why: &str) -> Failed {
    Failed::new(format!("the export broke off: {why}"))
        .next("what came is not whole and not signed; ask for it again")
}

fn unwritable(what: &str, error: &std::io::Error) -> Failed {
    Failed::new(format!("{what} cannot be written: {error}"))
        .next("name another place with --file, or make room there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_last_line_that_signs_is_an_end() {
        for (tail, wanted) in [
            ("{\"seq\":1}\n{\"kind\":\"signature\"}\n", true),
            ("{\"kind\":\"signature\"}\n", true),
            ("{\"kind\":\"signature\"}", false),
            ("{\"seq\":1}\n", false),
            ("{\"kind\":\"signature\"}\n{\"seq\":1}\n", false),
            ("", false),
        ] {
            assert_eq!(signed(tail.as_bytes()), wanted, "{tail}");
        }
    }
}
