//! One platform of a test's own: database, virtual host, mark in the cluster,
//! programs, ports and a fuse. Beside it others run.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use kube::Client;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::faults::access::{self, Access};
use crate::faults::fuse::Fuse;
use crate::faults::patience::until;
use crate::faults::program::{Build, Program, Recipe};
use crate::faults::release::{Part, migrate};
use crate::faults::servers::Servers;
use crate::machine::root;

/// How long a lease holds here.
pub const LEASE: Duration = Duration::from_secs(3);
/// helm's time from TERM to KILL.
const GRACE: Duration = Duration::from_secs(1);
/// How long a dead worker's lease holds at most: while helm runs it is longer by
/// helm's grace and a second (docs/adr/0004).
pub const HELD: Duration = LEASE
    .saturating_add(GRACE)
    .saturating_add(Duration::from_secs(1));
/// Until a silent operation's command is said again: two lease times.
pub const SILENCE: Duration = LEASE.saturating_add(LEASE);

/// What a platform is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its number: ports and names follow from it.
    pub number: u16,
    /// Worker processes.
    pub workers: u16,
    /// Settings on top, for both programs.
    pub settings: Vec<(String, String)>,
    /// Another way to the cluster, for the worker, than an account of its own.
    pub kubeconfig: Option<String>,
}

impl Plan {
    #[must_use]
    pub fn new(number: u16, workers: u16) -> Self {
        Self {
            number,
            workers,
            settings: Vec::new(),
            kubeconfig: None,
        }
    }

    /// With a setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }
}

/// A running platform.
pub struct Own {
    pub name: String,
    pub servers: Servers,
    pub client: Client,
    /// Where the ingress answers.
    pub ingress: SocketAddr,
    pub base: String,
    pub http: reqwest::Client,
    pub records: PgPool,
    pub fuse: Fuse,
    pub api: Program,
    pub workers: Vec<Program>,
    pub folder: PathBuf,
}

impl Own {
    /// What the platform of that number is called.
    #[must_use]
    pub fn name(number: u16) -> String {
        format!("sweep{number}")
    }

    /// Start everything and wait until requests are answered.
    ///
    /// # Errors
    /// What does not come up.
    pub async fn start(
        servers: &Servers,
        client: &Client,
        ingress: SocketAddr,
        plan: &Plan,
    ) -> Result<Self> {
        let name = Self::name(plan.number);
        let folder = servers.state.join("faults").join(&name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("tmp"))?;
        let fuse = Fuse::new(folder.join("fuse"))?;
        let database = servers.make_database(&name).await?;
        let amqp = servers.make_vhost(&name).await?;
        let listen = SocketAddr::from(([127, 0, 0, 1], servers.ports + plan.number));
        let build = |programs: &Path, program: &str, variables: Vec<(String, String)>| Build {
            program: programs.join(program),
            variables: [
                common(&folder, &fuse, amqp.as_str()),
                variables,
                plan.settings.clone(),
            ]
            .concat(),
        };
        let recipe = |own: String, argument, builds| Recipe {
            builds,
            argument,
            log: folder.join(format!("{own}.log")),
            name: own,
        };
        let before = |part| servers.before.as_ref().filter(|before| before.part == part);
        let programs = match before(Part::Api) {
            Some(before) => {
                let new = servers.programs.join("urumi-api");
                migrate(&new, database.as_str(), amqp.as_str()).await?;
                &before.programs
            }
            None => &servers.programs,
        };
        let api = api_settings(database.as_str(), &name, listen, ingress);
        let api = build(programs, "urumi-api", api);
        let api = recipe("api".to_owned(), "serve", vec![api]);
        let access = match &plan.kubeconfig {
            Some(kubeconfig) => Access::of(kubeconfig),
            None => Access::give(servers, &name, &folder.join("access")).await?,
        };
        // The release before may know of no rights but all.
        let all = Access::of(plan.kubeconfig.as_deref().unwrap_or(&servers.kubeconfig));
        let worker = |programs: &Path, root: &Path, access: &Access| {
            let variables = worker_settings(servers, access, root, &name, ingress);
            build(programs, "urumi-worker", variables)
        };
        let new = || worker(&servers.programs, &root(), &access);
        let builds = match (before(Part::Workers), before(Part::SecondWorkers)) {
            (Some(old), _) => vec![worker(&old.programs, &old.root, &all)],
            (None, Some(old)) => vec![new(), worker(&old.programs, &old.root, &all)],
            (None, None) => vec![new()],
        };
        let worker = |number| {
            let own = format!("worker{number}");
            Program::start(recipe(own, "run", builds.clone()))
        };
        let workers = (1..=plan.workers).map(worker).collect();
        let own = Self {
            name,
            servers: servers.clone(),
            client: client.clone(),
            ingress,
            base: format!("http://{listen}"),
            http: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .timeout(Duration::from_secs(10))
                .build()?,
            records: PgPoolOptions::new()
                .max_connections(2)
                .connect_lazy(database.as_str())?,
            fuse,
            workers,
            api: Program::start(api),
            folder,
        };
        own.until_ready().await?;
        Ok(own)
    }

    /// Until the api is ready and its work behind requests is done.
    ///
    /// # Errors
    /// If that takes too long.
    pub async fn until_ready(&self) -> Result<()> {
        let what = format!(
            "{} is ready (its logs: {})",
            self.name,
            self.folder.display()
        );
        until(&what, Duration::from_secs(60), async || {
            let answer = self.http.get(format!("{}/readyz", self.base)).send().await;
            let ready: serde_json::Value = answer.ok()?.json().await.ok()?;
            (ready["degraded"] == false).then_some(())
        })
        .await
    }

    /// All programs.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        std::iter::once(&self.api).chain(&self.workers)
    }

    /// Stop the programs and take the database and the virtual host away.
    ///
    /// # Errors
    /// What cannot be removed.
    pub async fn end(self) -> Result<()> {
        for worker in self.workers {
            worker.end().await?;
        }
        self.api.end().await?;
        self.records.close().await;
        self.servers.drop_database(&self.name).await?;
        self.servers.drop_vhost(&self.name).await
    }
}

fn common(folder: &Path, fuse: &Fuse, amqp: &str) -> Vec<(String, String)> {
    named(&[
        ("PATH", "/usr/bin:/bin"),
        ("ENVIRONMENT", "local"),
        ("AMQP_URL", amqp),
        ("URUMI_LOG", "info,sqlx=error,lapin=error"),
        // What a killed worker leaves behind goes with the test.
        ("TMPDIR", &folder.join("tmp").display().to_string()),
        ("URUMI_FAULTS", &fuse.folder().display().to_string()),
    ])
}

fn api_settings(
    database: &str,
    name: &str,
    listen: SocketAddr,
    ingress: SocketAddr,
) -> Vec<(String, String)> {
    named(&[
        ("DATABASE_URL", database),
        ("URUMI_INSTALLATION", name),
        ("URUMI_LISTEN", &listen.to_string()),
        (
            "URUMI_STORE_URL",
            &format!("http://{{host}}:{}", ingress.port()),
        ),
        ("URUMI_DATABASE_CONNECTIONS", "4"),
        ("URUMI_HTTP_WORKERS", "1"),
        ("URUMI_RETRY_BASE_MS", "200"),
        ("URUMI_RETRY_MAX_MS", "1000"),
        (
            "URUMI_REDISPATCH_AFTER_SECONDS",
            &SILENCE.as_secs().to_string(),
        ),
        ("URUMI_OPERATION_DEADLINE_SECONDS", "120"),
    ])
}

fn worker_settings(
    servers: &Servers,
    access: &Access,
    root: &Path,
    name: &str,
    ingress: SocketAddr,
) -> Vec<(String, String)> {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let settings = named(&[
        ("KUBECONFIG", &access.kubeconfig),
        ("URUMI_HELM", &servers.helm),
        (
            "URUMI_CHART",
            &root.join("charts/store").display().to_string(),
        ),
        ("URUMI_VALUES_DIR", &root.display().to_string()),
        (
            "URUMI_STORE_VALUES",
            &root.join("tests/faults/values.yaml").display().to_string(),
        ),
        ("URUMI_INGRESS", &ingress.to_string()),
        ("URUMI_NAMESPACE", &access::namespace(name)),
        ("URUMI_INSTALLATION", name),
        ("URUMI_WORKER_LISTEN", "127.0.0.1:0"),
        ("URUMI_LEASE_MS", &milliseconds(LEASE)),
        ("URUMI_LEASE_RENEW_MS", "500"),
        // Far more than helm needs, also on a machine with too few cores.
        ("URUMI_HELM_LIMIT_MS", "60000"),
        ("URUMI_HELM_GRACE_MS", &milliseconds(GRACE)),
        ("URUMI_STOP_MS", "10000"),
    ]);
    [settings, access.variables.clone()].concat()
}

fn named(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
