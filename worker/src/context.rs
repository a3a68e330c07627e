//! Everything that a job may touch, in one place; there are no globals.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use shared::amqp::Publisher;
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;
use crate::helm::{Helm, Shapes, guard};
use crate::lease::api::{Leases, Terms};
use crate::report::Reporter;
use crate::settings::Settings;
use crate::storefront::Prober;

/// What a job may touch.
#[derive(Debug)]
pub struct Context {
    /// What was set.
    pub settings: Settings,
    /// This process, in holders and connection names.
    pub worker: String,
    /// Kubernetes.
    pub cluster: Cluster,
    /// The stores' Leases.
    pub leases: Leases,
    /// helm.
    pub helm: Helm,
    /// What helm need not hold against the cluster's own document again.
    pub shapes: Shapes,
    /// The shops.
    pub prober: Prober,
    /// Events.
    pub reporter: Reporter,
    /// The connection events go out on.
    pub publisher: Arc<Publisher>,
    _folder: PrivateFolder,
}

impl Context {
    /// Open everything. No connection is made yet; each is made when needed.
    ///
    /// # Errors
    /// A setting that cannot be used.
    pub async fn open(settings: Settings, stop: CancellationToken) -> anyhow::Result<Self> {
        let cluster = Cluster::open(settings.kubeconfig.as_deref()).await?;
        let unique = uuid::Uuid::now_v7().simple().to_string();
        let worker = format!("worker-{}", &unique[20..]);
        let folder = PrivateFolder::make(&worker)?;
        let helm = Helm {
            guard: PathBuf::from(guard::SELF),
            program: settings.helm.clone(),
            env: environment(&settings, cluster.url(), &folder.0)?,
            limit: settings.helm_limit,
            grace: settings.helm_grace,
        };
        let terms = Terms {
            length: settings.lease,
            renew: settings.lease_renew,
            helm: settings.helm_grace + guard::MARGIN,
        };
        let name = format!("{worker}-events");
        let publisher = Arc::new(Publisher::new(settings.amqp_url.clone(), name));
        Ok(Self {
            leases: Leases::new(cluster.clone(), settings.namespace.clone(), terms),
            prober: Prober::new(settings.ingress.clone()).context("making the prober")?,
            reporter: Reporter::new(Arc::clone(&publisher), stop),
            publisher,
            shapes: Shapes::default(),
            worker,
            cluster,
            helm,
            settings,
            _folder: folder,
        })
    }
}

/// helm's whole environment: where the cluster is, and folders of its own.
fn environment(
    settings: &Settings,
    url: &str,
    folder: &Path,
) -> anyhow::Result<Vec<(String, String)>> {
    let kubeconfig = match &settings.kubeconfig {
        Some(given) => given.clone(),
        None => {
            let path = folder.join("kubeconfig");
            std::fs::write(&path, service_account(url)).context("writing helm's kubeconfig")?;
            path.display().to_string()
        }
    };
    let under = |name: &str| folder.join(name).display().to_string();
    Ok([
        ("KUBECONFIG", kubeconfig),
        ("PATH", settings.path.clone()),
        ("HOME", folder.display().to_string()),
        ("HELM_CACHE_HOME", under("cache")),
        ("HELM_CONFIG_HOME", under("config")),
        ("HELM_DATA_HOME", under("data")),
        ("HELM_DRIVER", "secret".to_owned()),
        // A run is over within a second: most of what its collector does, and its threads
        // beside those of another slot's helm, is for nothing (docs/PERFORMANCE.md). Towards
        // that limit it collects more often, so that a large chart is slow rather than too big.
        // Source: Go's package `runtime`, "Environment Variables".
        ("GOGC", "400".to_owned()),
        ("GOMEMLIMIT", "200MiB".to_owned()),
        ("GOMAXPROCS", "1".to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec())
}

/// A kubeconfig that names the files of a pod's service account; the token in
/// them is read by helm itself, so a rotated one is found.
fn service_account(url: &str) -> String {
    let folder = "/var/run/secrets/kubernetes.io/serviceaccount";
    serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "pod",
        "contexts": [{"name": "pod", "context": {"cluster": "pod", "user": "pod"}}],
        "clusters": [{"name": "pod", "cluster": {
            "server": url.trim_end_matches('/'),
            "certificate-authority": format!("{folder}/ca.crt"),
        }}],
        "users": [{"name": "pod", "user": {"tokenFile": format!("{folder}/token")}}],
    })
    .to_string()
}

/// A folder that only we read, gone with the program.
#[derive(Debug)]
struct PrivateFolder(PathBuf);

impl PrivateFolder {
    fn make(name: &str) -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::env::temp_dir().join(format!("urumi-{name}"));
        let mut builder = std::fs::DirBuilder::new();
        builder
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("making the folder `{}`", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // Left-overs in the temporary folder are the machine's to remove.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
