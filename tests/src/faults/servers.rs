//! The servers that all platforms of a test share (tests/lib/services.sh starts
//! them), and a place for each platform on them: a database, a virtual host.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use reqwest::{Client, Method};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use url::Url;

use crate::faults::release::Before;

/// Where they are.
#[derive(Debug, Clone)]
pub struct Servers {
    pub database: Url,
    pub amqp: Url,
    pub kubeconfig: String,
    pub helm: String,
    /// The instance, for the scripts of `deploy/`.
    pub instance: String,
    /// A folder for what programs write.
    pub state: PathBuf,
    /// The first of sixteen free ports.
    pub ports: u16,
    /// The folder of `urumi-api` and `urumi-worker`, built with faults.
    pub programs: PathBuf,
    /// What of every platform is of the release before.
    pub before: Option<Before>,
    management: String,
    http: Client,
}

impl Servers {
    /// Those that the environment names.
    ///
    /// # Errors
    /// If it does not.
    pub fn named() -> Result<Self> {
        let variable = |name: &str| {
            std::env::var(name).with_context(|| {
                format!("{name} is not set; run tests/faults.sh, which starts the servers")
            })
        };
        Ok(Self {
            database: variable("TEST_DATABASE_URL")?.parse()?,
            amqp: variable("TEST_AMQP_URL")?.parse()?,
            kubeconfig: variable("TEST_KUBECONFIG")?,
            helm: variable("TEST_HELM")?,
            instance: variable("TEST_INSTANCE")?,
            state: variable("TEST_STATE")?.into(),
            ports: variable("TEST_PORTS")?.parse()?,
            programs: variable("TEST_PROGRAMS")?.into(),
            before: Before::named()?,
            management: variable("TEST_AMQP_MANAGEMENT_URL")?,
            http: Client::builder().timeout(Duration::from_secs(15)).build()?,
        })
    }

    /// An empty database of that name; its URL.
    ///
    /// # Errors
    /// Postgres' own.
    pub async fn make_database(&self, name: &str) -> Result<Url> {
        self.drop_database(name).await?;
        self.sql(format!("CREATE DATABASE {name}")).await?;
        let mut url = self.database.clone();
        url.set_path(name);
        Ok(url)
    }

    /// # Errors
    /// Postgres' own.
    pub async fn drop_database(&self, name: &str) -> Result<()> {
        self.sql(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await
    }

    /// End all connections to a database.
    ///
    /// # Errors
    /// Postgres' own.
    pub async fn end_connections(&self, database: &str) -> Result<()> {
        self.sql(format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        ))
        .await
    }

    /// Our own words only: names are made here.
    async fn sql(&self, sql: String) -> Result<()> {
        let options: PgConnectOptions = self.database.as_str().parse()?;
        let mut connection = options.connect().await?;
        connection.execute(AssertSqlSafe(sql)).await?;
        connection.close().await?;
        Ok(())
    }

    /// An empty virtual host; its URL.
    ///
    /// # Errors
    /// The broker's refusal.
    pub async fn make_vhost(&self, name: &str) -> Result<Url> {
        self.drop_vhost(name).await?;
        self.management(Method::PUT, &format!("vhosts/{name}"), Some("{}"))
            .await?;
        let all = r#"{"configure":".*","write":".*","read":".*"}"#;
        let user = self.amqp.username();
        self.management(
            Method::PUT,
            &format!("permissions/{name}/{user}"),
            Some(all),
        )
        .await?;
        let mut url = self.amqp.clone();
        url.set_path(name);
        Ok(url)
    }

    /// # Errors
    /// The broker's refusal.
    pub async fn drop_vhost(&self, name: &str) -> Result<()> {
        self.management(Method::DELETE, &format!("vhosts/{name}"), None)
            .await?;
        Ok(())
    }

    /// `(queue, ready + unacknowledged)` of a virtual host.
    ///
    /// # Errors
    /// If the broker does not say.
    pub async fn queues(&self, vhost: &str) -> Result<Vec<(String, u64)>> {
        let path = format!("queues/{vhost}?disable_stats=true&enable_queue_totals=true");
        let answer = self.management(Method::GET, &path, None).await?;
        let queues = answer.as_array().context("queues are a list")?;
        Ok(queues
            .iter()
            .map(|queue| {
                let name = queue["name"].as_str().unwrap_or_default().to_owned();
                (name, queue["messages"].as_u64().unwrap_or(0))
            })
            .collect())
    }

    /// Take what a queue holds unread, for good; how many messages that were.
    ///
    /// # Errors
    /// If the broker refuses.
    pub async fn take(&self, vhost: &str, queue: &str) -> Result<usize> {
        let path = format!("queues/{vhost}/{queue}/get");
        let all = r#"{"count":1000,"ackmode":"ack_requeue_false","encoding":"base64"}"#;
        let answer = self.management(Method::POST, &path, Some(all)).await?;
        Ok(answer.as_array().context("messages are a list")?.len())
    }

    /// One request to the broker's HTTP API; what is gone already is fine.
    ///
    /// # Errors
    /// If it refuses.
    pub async fn management(
        &self,
        method: Method,
        path: &str,
        body: Option<&'static str>,
    ) -> Result<Value> {
        let url = format!("{}/api/{path}", self.management.trim_end_matches('/'));
        let mut request = self.http.request(method.clone(), url);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let gone = method == Method::DELETE && status.as_u16() == 404;
        ensure!(
            status.is_success() || gone,
            "RabbitMQ's HTTP API said {status} to {method} {path}"
        );
        let text = answer.text().await?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}
