//! What a release is made of, as one short text: equal digests need no helm.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// Characters of a digest; a label's value has at most 63.
const LENGTH: usize = 40;

/// The digest of a chart (folder or archive), of values files and of the store's
/// own values.
///
/// # Errors
/// A file that cannot be read; the error names it.
pub fn of(chart: &Path, values_files: &[PathBuf], own: &str) -> io::Result<String> {
    let mut hash = Sha256::new();
    for path in files(chart)? {
        let name = path.strip_prefix(chart).unwrap_or(&path);
        part(&mut hash, name.to_string_lossy().as_bytes());
        part(&mut hash, &read(&path)?);
    }
    for path in values_files {
        part(&mut hash, &read(path)?);
    }
    part(&mut hash, own.as_bytes());
    let bytes = hash.finalize();
    let hex = bytes.iter().map(|byte| format!("{byte:02x}"));
    Ok(hex.collect::<String>().chars().take(LENGTH).collect())
}

/// With its length before it, so that parts cannot flow into each other.
fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("cannot read `{}`: {error}", path.display()),
        )
    })
}

/// All files below, in one fixed order.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path)? {
        found.extend(files(&entry?.path())?);
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let chart = folder.path().join("chart");
        let values = folder.path().join("values.yaml");
        std::fs::create_dir_all(chart.join("templates")).unwrap();
        std::fs::write(chart.join("Chart.yaml"), "a").unwrap();
        std::fs::write(chart.join("templates/x.yaml"), "b").unwrap();
        std::fs::write(&values, "c").unwrap();
        let files = [values.clone()];

        let first = of(&chart, &files, "own").unwrap();
        assert_eq!(first.len(), LENGTH);
        assert_eq!(of(&chart, &files, "own").unwrap(), first);
        assert_ne!(of(&chart, &files, "other").unwrap(), first);
        assert_ne!(of(&chart, &[], "own").unwrap(), first);

        std::fs::write(chart.join("templates/x.yaml"), "changed").unwrap();
        let second = of(&chart, &files, "own").unwrap();
        assert_ne!(second, first);

        std::fs::write(&values, "changed").unwrap();
        assert_ne!(of(&chart, &files, "own").unwrap(), second);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = of(Path::new("/nowhere/chart"), &[], "").unwrap_err();
        assert!(error.to_string().contains("/nowhere/chart"));
    }
}
