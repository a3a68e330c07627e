//! What all platforms of one test stand on: the servers, a client of the cluster,
//! the ingress.

use anyhow::{Context as _, Result};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::faults::cluster;
use crate::faults::ingress::IngressStub;
use crate::faults::own::{Own, Plan};
use crate::faults::servers::Servers;

/// The shared ground.
pub struct Ground {
    pub servers: Servers,
    pub client: Client,
    pub ingress: IngressStub,
}

/// A client by a kubeconfig.
///
/// # Errors
/// If it cannot be used.
pub async fn client_of(kubeconfig: &str) -> Result<Client> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    Client::try_from(config).context("a client of the cluster")
}

impl Ground {
    /// Find the servers, start the ingress.
    ///
    /// # Errors
    /// If they are not there.
    pub async fn find() -> Result<Self> {
        let servers = Servers::named()?;
        std::fs::create_dir_all(servers.state.join("faults"))?;
        let client = client_of(&servers.kubeconfig).await?;
        let ingress = IngressStub::start(client.clone()).await?;
        Ok(Self {
            servers,
            client,
            ingress,
        })
    }

    /// A platform on this ground.
    ///
    /// # Errors
    /// What does not come up.
    pub async fn platform(&self, plan: &Plan) -> Result<Own> {
        Own::start(&self.servers, &self.client, self.ingress.address, plan).await
    }

    /// End a platform and remove what it left in the cluster.
    ///
    /// # Errors
    /// What cannot be removed.
    pub async fn clear(&self, own: Own) -> Result<()> {
        let name = own.name.clone();
        own.end().await?;
        cluster::sweep_up(&self.client, &name).await
    }
}
