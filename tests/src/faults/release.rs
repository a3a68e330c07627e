//! The release before, in the place of a part of the platform: its programs, built
//! with faults too, and its tree, of which a worker takes its charts and values.
//! tests/compat.sh makes both.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use shared::fault::{API, Point, WORKER};
use tokio::process::Command;

/// Which part is of the release before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The api, on tables that the new one has brought up to date.
    Api,
    /// The workers.
    Workers,
    /// Each second worker that is started: what one of them began, one of the other
    /// release brings to its end.
    SecondWorkers,
}

/// The release before.
#[derive(Debug, Clone)]
pub struct Before {
    /// Folder of `urumi-api` and `urumi-worker`.
    pub programs: PathBuf,
    /// Its tree.
    pub root: PathBuf,
    pub part: Part,
}

impl Before {
    /// As the environment says; `None` if all is of one release.
    ///
    /// # Errors
    /// Half a description.
    pub fn named() -> Result<Option<Self>> {
        let Ok(part) = std::env::var("TEST_BEFORE") else {
            return Ok(None);
        };
        let folder = |name: &str| -> Result<PathBuf> {
            let named =
                std::env::var(name).context("TEST_BEFORE needs the rest of tests/compat.sh")?;
            Ok(named.into())
        };
        Ok(Some(Self {
            part: match part.as_str() {
                "api" => Part::Api,
                "workers" => Part::Workers,
                "second-workers" => Part::SecondWorkers,
                other => bail!("TEST_BEFORE is `{other}`, which is no part"),
            },
            programs: folder("TEST_BEFORE_PROGRAMS")?,
            root: folder("TEST_BEFORE_ROOT")?,
        }))
    }

    /// Points that the old program does not have, so that nobody waits for them.
    ///
    /// # Errors
    /// If the program cannot be read.
    pub fn lacks(&self) -> Result<Vec<&'static str>> {
        let (program, points) = match self.part {
            Part::Api => ("urumi-api", API),
            Part::Workers | Part::SecondWorkers => ("urumi-worker", WORKER),
        };
        let path = self.programs.join(program);
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let lacks = |point: &&Point| !holds(&bytes, point.name);
        Ok(points
            .iter()
            .filter(lacks)
            .map(|point| point.name)
            .collect())
    }
}

fn holds(bytes: &[u8], name: &str) -> bool {
    bytes
        .windows(name.len())
        .any(|window| window == name.as_bytes())
}

/// Bring a database to the tables of that program.
///
/// # Errors
/// What it says.
pub async fn migrate(api: &Path, database: &str, amqp: &str) -> Result<()> {
    let mut command = Command::new(api);
    command
        .arg("migrate")
        .env_clear()
        .envs([("DATABASE_URL", database), ("AMQP_URL", amqp)]);
    let output = command.output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} migrate: {said}", api.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_a_program_or_not() {
        assert!(holds(b"..api.relay.mark.before..", "api.relay.mark.before"));
        assert!(!holds(b"..api.relay.mark.after..", "api.relay.mark.before"));
    }
}
