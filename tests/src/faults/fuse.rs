//! The folder through which a test steers named points of the programs; see
//! `shared/src/fault.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// One platform's folder.
#[derive(Debug, Clone)]
pub struct Fuse(PathBuf);

impl Fuse {
    /// # Errors
    /// If the folder cannot be made.
    pub fn new(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).context("making the folder of faults")?;
        Ok(Self(folder))
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The first process that passes the point ends (`kill`) or halts (`stop`).
    ///
    /// # Errors
    /// The file system's.
    pub fn arm(&self, point: &str, deed: &str) -> Result<()> {
        let _ = fs::remove_file(self.0.join("fired"));
        // Written aside: a program must not read half of it.
        let aside = self.0.join("armed.new");
        fs::write(&aside, format!("{point} {deed}\n"))?;
        fs::rename(aside, self.0.join("armed"))?;
        Ok(())
    }

    /// Nothing is to happen any more; whether something did.
    #[must_use]
    pub fn disarm(&self) -> bool {
        let _ = fs::remove_file(self.0.join("armed"));
        self.fired()
    }

    /// Whether a process took the bait.
    #[must_use]
    pub fn fired(&self) -> bool {
        self.0.join("fired").exists()
    }

    /// Take protections out, until told otherwise.
    ///
    /// # Errors
    /// The file system's.
    pub fn without(&self, protections: &[&str]) -> Result<()> {
        Ok(fs::write(self.0.join("without"), protections.join("\n"))?)
    }

    /// How often each point was passed since the last call.
    #[must_use]
    pub fn take_hits(&self) -> BTreeMap<String, usize> {
        let taken = self.0.join("hits.taken");
        let mut hits = BTreeMap::new();
        if fs::rename(self.0.join("hits"), &taken).is_ok() {
            for line in fs::read_to_string(&taken).unwrap_or_default().lines() {
                let point = line.split_whitespace().next().unwrap_or_default();
                *hits.entry(point.to_owned()).or_default() += 1;
            }
        }
        hits
    }
}
