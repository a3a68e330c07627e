//! The worker's own account on the cluster, limited as that of any installation:
//! the objects of charts/platform, and a token.

use std::path::Path;

use anyhow::{Result, ensure};
use tokio::process::Command;

use crate::faults::servers::Servers;
use crate::machine::root;

/// How a worker reaches the cluster, and who it is there.
#[derive(Debug)]
pub struct Access {
    /// Of its account.
    pub kubeconfig: String,
    /// What it has to know of its rights.
    pub variables: Vec<(String, String)>,
}

impl Access {
    /// With all the rights of that kubeconfig's user.
    #[must_use]
    pub fn of(kubeconfig: &str) -> Self {
        Self {
            kubeconfig: kubeconfig.to_owned(),
            variables: Vec::new(),
        }
    }

    /// An account of that platform's own; the same again when there is one.
    ///
    /// # Errors
    /// The script's.
    pub async fn give(servers: &Servers, platform: &str, folder: &Path) -> Result<Self> {
        let namespace = namespace(platform);
        let output = Command::new(root().join("deploy/local/worker-rights.sh"))
            .args([&namespace, platform])
            .arg(folder)
            .env("KUBECONFIG", &servers.kubeconfig)
            .env("URUMI_INSTANCE", &servers.instance)
            .output()
            .await?;
        ensure!(
            output.status.success(),
            "the worker's rights could not be given: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let variable = |name: &str, value: String| (name.to_owned(), value);
        Ok(Self {
            kubeconfig: folder.join("kubeconfig").display().to_string(),
            variables: vec![
                variable("URUMI_SERVICE_ACCOUNT", "local-worker".to_owned()),
                variable("URUMI_STORE_ROLE", format!("{namespace}-local-store")),
            ],
        })
    }
}

/// Where a platform's Leases are.
#[must_use]
pub fn namespace(platform: &str) -> String {
    format!("urumi-{platform}")
}
