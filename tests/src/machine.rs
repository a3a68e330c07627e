//! The operator's hands: scripts of `deploy/`, processes, kubectl and helm.

use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The repository.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Run a script of the repository to its end.
///
/// # Errors
/// If it cannot be started or fails; with what it said.
pub fn script(path: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(root().join(path))
        .args(arguments)
        .output()
        .with_context(|| path.to_owned())?;
    said(path, &output)
}

fn said(name: &str, output: &Output) -> Result<String> {
    if !output.status.success() {
        bail!(
            "{name}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `kubectl … -o json`.
///
/// # Errors
/// If kubectl fails, as it does for an object that does not exist.
pub fn kubectl(arguments: &[&str]) -> Result<Value> {
    let output = Command::new("kubectl")
        .args(arguments)
        .args(["-o", "json"])
        .output()?;
    Ok(serde_json::from_str(&said("kubectl", &output)?)?)
}

/// The names of all objects of a kind in a namespace.
///
/// # Errors
/// If kubectl fails.
pub fn names(kind: &str, namespace: &str) -> Result<Vec<String>> {
    let list = kubectl(&["get", kind, "-n", namespace])?;
    let items = list["items"].as_array().cloned().unwrap_or_default();
    Ok(items
        .iter()
        .filter_map(|item| item["metadata"]["name"].as_str().map(str::to_owned))
        .collect())
}

/// A value of a Secret, decoded.
///
/// # Errors
/// If it is not there.
pub fn secret(namespace: &str, name: &str, key: &str) -> Result<String> {
    let template = format!("go-template={{{{index .data \"{key}\" | base64decode}}}}");
    let output = Command::new("kubectl")
        .args(["get", "secret", name, "-n", namespace, "-o", &template])
        .output()?;
    said("kubectl", &output)
}

/// `helm list` of a namespace, whatever the releases' state.
///
/// # Errors
/// If helm fails.
pub fn releases(namespace: &str) -> Result<Vec<Value>> {
    let output = Command::new("helm")
        .args(["list", "-n", namespace, "-o", "json"])
        .output()?;
    Ok(serde_json::from_str(&said("helm", &output)?)?)
}

/// The process id of a program of this instance.
///
/// # Errors
/// If it was never started.
pub fn pid(program: &str) -> Result<u32> {
    let file = state()?.join(format!("run/{program}.pid"));
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    Ok(text
        .split_whitespace()
        .next()
        .context("an empty pid file")?
        .parse()?)
}

/// End a program of this instance without giving it a chance.
///
/// # Errors
/// If it is not there.
pub fn kill(program: &str) -> Result<()> {
    let output = Command::new("kill")
        .args(["-KILL", &pid(program)?.to_string()])
        .output()?;
    said("kill", &output).map(|_| ())
}

/// Start what died, as an operator would.
///
/// # Errors
/// If something does not come up.
pub fn up() -> Result<()> {
    script("deploy/local/up.sh", &[]).map(|_| ())
}

/// Resident memory of a program, in MiB.
///
/// # Errors
/// If it is not there.
pub fn resident_mib(program: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid(program)?))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .context("no VmRSS")?;
    let kib: f64 = line
        .split_whitespace()
        .nth(1)
        .context("no number")?
        .parse()?;
    Ok(kib / 1024.0)
}

/// Where this instance keeps its state.
fn state() -> Result<PathBuf> {
    let instance = std::env::var("URUMI_INSTANCE").context("URUMI_INSTANCE is not set")?;
    let base = root().join(".urumi");
    Ok(if instance == "local" {
        base
    } else {
        base.join("instances").join(instance)
    })
}
