//! Servers, worker processes and stores of a test's own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Namespace;
use kube::api::DeleteParams;
use secrecy::ExposeSecret as _;
use worker::cluster::Cluster;
use worker::helm::Helm;
use worker::lease::api::{Leases, Terms};

use crate::account;
use crate::broker::Broker;

/// A variable that names a server.
#[expect(
    clippy::disallowed_methods,
    reason = "tests read their servers' addresses"
)]
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set. The servers of these tests are started by\n  \
             tests/lib/services.sh start\nand the tests are run by\n  \
             tests/lib/services.sh run cargo test -p urumi-worker --test it"
        )
    })
}

/// Our own program.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_urumi-worker"))
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

pub async fn cluster() -> Cluster {
    shared::telemetry::install_tls_provider();
    let kubeconfig = variable("TEST_KUBECONFIG");
    Cluster::open(Some(&kubeconfig)).await.unwrap()
}

/// Short lives, so that tests need not wait long.
pub const TERMS: Terms = Terms {
    length: Duration::from_secs(3),
    renew: Duration::from_millis(500),
    helm: Duration::from_secs(5),
};

pub async fn leases(namespace: &str) -> Leases {
    Leases::new(cluster().await, namespace.to_owned(), TERMS)
}

pub fn a_name(prefix: &str) -> String {
    let unique = uuid::Uuid::now_v7().simple().to_string();
    format!("{prefix}-{}", &unique[20..])
}

/// A helm that is really this script.
pub fn helm_script(folder: &Path, script: &str, limit: Duration) -> Helm {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("helm");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    Helm {
        guard: program(),
        program: path,
        env: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        limit,
        grace: Duration::from_millis(500),
    }
}

/// Everything that one installation of the platform has, except the api.
pub struct Installation {
    pub broker: Broker,
    pub cluster: Cluster,
    pub name: String,
    pub folder: tempfile::TempDir,
    pub shop: wiremock::MockServer,
    extra: Vec<(&'static str, String)>,
}

impl Installation {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("values-local.yaml"), "{}").unwrap();
        Self {
            broker: Broker::start().await,
            cluster: cluster().await,
            name: a_name("t"),
            folder,
            shop: wiremock::MockServer::start().await,
            extra: Vec::new(),
        }
    }

    /// One whose helm has time, however much runs beside it. Not for tests in which
    /// a worker dies while helm runs: its lease is as long.
    pub async fn unhurried() -> Self {
        let mut here = Self::start().await;
        here.set("URUMI_HELM_LIMIT_MS", "30000");
        here.set("URUMI_LEASE_HELM_MS", "32000");
        here
    }

    /// From now on its workers have an account of their own, with no more rights
    /// than the platform's chart gives.
    pub async fn limit(&mut self) {
        let kubeconfig = account::give(&self.cluster, &self.name, self.folder.path()).await;
        self.set("KUBECONFIG", kubeconfig.display().to_string());
        self.set("URUMI_SERVICE_ACCOUNT", account::ACCOUNT);
        self.set("URUMI_STORE_ROLE", account::store_role(&self.name));
    }

    /// Set a variable for workers that are started from then on.
    pub fn set(&mut self, variable: &'static str, value: impl Into<String>) {
        self.extra.push((variable, value.into()));
    }

    /// More values for the chart.
    pub fn values(&self, yaml: &str) {
        std::fs::write(self.folder.path().join("values-local.yaml"), yaml).unwrap();
    }

    /// From now on the shop answers as WordPress does.
    pub async fn open_shop(&self) {
        use wiremock::matchers::{method, path};
        let page = "<html><link href='/wp-content/x.css'></html>";
        let html = wiremock::ResponseTemplate::new(200).set_body_raw(page, "text/html");
        for wanted in ["/", "/wp-login.php"] {
            wiremock::Mock::given(method("GET"))
                .and(path(wanted))
                .respond_with(html.clone())
                .mount(&self.shop)
                .await;
        }
    }

    /// Start a worker process.
    pub fn worker(&self) -> Worker {
        let log = self.folder.path().join("worker.log");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .unwrap();
        #[expect(clippy::disallowed_methods, reason = "the program under test")]
        let child = Process::new(program())
            .arg("run")
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("ENVIRONMENT", "local")
            // What a killed worker leaves behind goes with the test.
            .env("TMPDIR", self.folder.path())
            .env("AMQP_URL", self.broker.url.expose_secret())
            .env("KUBECONFIG", variable("TEST_KUBECONFIG"))
            .env("URUMI_HELM", variable("TEST_HELM"))
            .env("URUMI_CHART", fixture("chart"))
            .env("URUMI_VALUES_DIR", self.folder.path())
            .env("URUMI_INGRESS", self.shop.address().to_string())
            .env("URUMI_NAMESPACE", &self.name)
            .env("URUMI_INSTALLATION", &self.name)
            .env("URUMI_WORKER_LISTEN", "127.0.0.1:0")
            .env("URUMI_LEASE_MS", "3000")
            .env("URUMI_LEASE_RENEW_MS", "500")
            .env("URUMI_HELM_LIMIT_MS", "30000")
            .env("URUMI_HELM_GRACE_MS", "1000")
            .envs(self.extra.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Worker(child)
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("worker.log")).unwrap_or_default()
    }

    /// Remove what the test left in the cluster; what is gone already is fine.
    pub async fn clean(&self, stores: &[&str]) {
        let api = self.cluster.all::<Namespace>();
        for name in stores.iter().copied().chain([self.name.as_str()]) {
            let _ = api.delete(name, &DeleteParams::default()).await;
        }
    }
}

/// A worker process; killed when dropped.
pub struct Worker(Child);

impl Worker {
    /// SIGKILL.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// A signal, such as STOP and CONT.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// SIGTERM, and wait until it is gone; gives whether it ended well.
    pub async fn stop(mut self, within: Duration) -> bool {
        self.signal(rustix::process::Signal::TERM);
        until("the worker ends", within, async || {
            self.0.try_wait().unwrap().is_some()
        })
        .await;
        self.0.wait().unwrap().success()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a process with the number in that file runs; a zombie that nobody
/// buried yet does not.
pub fn lives(file: &Path) -> bool {
    let pid = std::fs::read_to_string(file).unwrap_or_default();
    let pid = pid.lines().last().unwrap_or("none");
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

/// Wait for a condition.
pub async fn until(what: &str, within: Duration, is_it: impl AsyncFnMut() -> bool) {
    let mut is_it = is_it;
    let deadline = Instant::now() + within;
    while !is_it().await {
        assert!(Instant::now() < deadline, "{what}: not within {within:?}");
        #[expect(clippy::disallowed_methods, reason = "between two looks")]
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
