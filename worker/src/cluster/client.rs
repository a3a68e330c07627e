//! Two clients of one apiserver: one with short bounds for requests, one without
//! for watches. Nothing here knows what a store is.

use std::path::PathBuf;
use std::time::Duration;

use kube::api::Api;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// How long connecting, and each part of an answer, may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// A reachable (or not) cluster.
#[derive(Clone)]
pub struct Cluster {
    requests: Client,
    watches: Client,
    url: String,
}

/// The cluster's address or credentials cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The kubeconfig is missing or wrong.
    #[error("the kubeconfig `{path}` cannot be used; set KUBECONFIG to one that works")]
    Kubeconfig {
        /// As given.
        path: String,
        /// Why.
        #[source]
        source: Box<kube::config::KubeconfigError>,
    },
    /// Neither KUBECONFIG nor a pod's service account.
    #[error("KUBECONFIG is not set, and this is no pod of a cluster")]
    NoCluster(#[source] Box<kube::config::InClusterError>),
    /// The client's parts do not fit (certificates, keys).
    #[error("the cluster's certificates or keys cannot be used")]
    Client(#[source] Box<kube::Error>),
}

impl Cluster {
    /// The cluster of that kubeconfig (`:` between several files), or the one
    /// that this pod runs in. Opens no connection yet.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn open(kubeconfig: Option<&str>) -> Result<Self, ConnectError> {
        let mut config = match kubeconfig {
            Some(paths) => read(paths)
                .await
                .map_err(|source| ConnectError::Kubeconfig {
                    path: paths.to_owned(),
                    source: Box::new(source),
                })?,
            None => {
                Config::incluster().map_err(|error| ConnectError::NoCluster(Box::new(error)))?
            }
        };
        // Whoever asks decides about asking again, and shows why.
        config.default_retry = false;
        config.connect_timeout = Some(REQUEST_TIMEOUT);
        let watching = config.clone();
        config.read_timeout = Some(REQUEST_TIMEOUT);
        config.reset_reader_on_write = true;
        let url = config.cluster_url.to_string();
        let build =
            |config| Client::try_from(config).map_err(|e| ConnectError::Client(Box::new(e)));
        Ok(Self {
            requests: build(config)?,
            watches: build(watching)?,
            url,
        })
    }

    /// For requests: every answer comes, or fails, within seconds.
    #[must_use]
    pub fn requests(&self) -> Client {
        self.requests.clone()
    }

    /// For watches: an answer may take minutes.
    #[must_use]
    pub fn watches(&self) -> Client {
        self.watches.clone()
    }

    /// The apiserver's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Objects of a store's namespace.
    #[must_use]
    pub fn of<K>(&self, namespace: &str) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.requests(), namespace)
    }

    /// Objects without a namespace.
    #[must_use]
    pub fn all<K>(&self) -> Api<K>
    where
        K: kube::Resource,
        K::DynamicType: Default,
    {
        Api::all(self.requests())
    }
}

async fn read(paths: &str) -> Result<Config, kube::config::KubeconfigError> {
    let mut merged = Kubeconfig::default();
    for path in paths.split(':').filter(|path| !path.is_empty()) {
        merged = merged.merge(Kubeconfig::read_from(PathBuf::from(path))?)?;
    }
    Config::from_custom_kubeconfig(merged, &KubeConfigOptions::default()).await
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("url", &self.url).finish()
    }
}
