//! The platform by its REST API.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

/// One story at a time: they stop servers under each other's feet otherwise.
static ALONE: Mutex<()> = Mutex::const_new(());

/// A running platform.
pub struct Platform {
    /// Base address of the API.
    pub api: String,
    /// `host:port` of the ingress.
    pub ingress: String,
    /// A client that follows no redirects.
    pub http: Client,
    _alone: MutexGuard<'static, ()>,
}

impl Platform {
    /// The platform named by the environment, for this story alone.
    ///
    /// # Errors
    /// If the environment names none.
    pub async fn alone() -> Result<Self> {
        let guard = ALONE.lock().await;
        let variable = |name: &str| {
            std::env::var(name).with_context(|| {
                format!("{name} is not set; run tests/e2e.sh, which brings up a platform")
            })
        };
        Ok(Self {
            api: variable("URUMI_API")?,
            ingress: variable("URUMI_INGRESS")?,
            http: Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                // A story pauses while scripts run; an idle connection would
                // be closed meanwhile and fail the next request.
                .pool_max_idle_per_host(0)
                .timeout(Duration::from_secs(10))
                .build()?,
            _alone: guard,
        })
    }

    /// Ask for a store; the whole answer.
    ///
    /// # Errors
    /// If the API does not answer.
    pub async fn post_store(&self, name: Option<&str>) -> Result<Response> {
        let request = self.http.post(format!("{}/stores", self.api));
        let request = match name {
            Some(name) => request.json(&serde_json::json!({ "name": name })),
            None => request,
        };
        Ok(request.send().await?)
    }

    /// Ask for a store; its id.
    ///
    /// # Errors
    /// If it is not accepted.
    pub async fn create(&self, name: &str) -> Result<String> {
        let answer = self.post_store(Some(name)).await?;
        if answer.status() != 202 {
            bail!("POST /stores: {} {}", answer.status(), answer.text().await?);
        }
        let store: Value = answer.json().await?;
        Ok(store["id"].as_str().context("no id")?.to_owned())
    }

    /// What `GET path` answers, as JSON.
    ///
    /// # Errors
    /// If it is not a 200 with JSON.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.http.get(format!("{}{path}", self.api)).send().await?;
        if answer.status() != 200 {
            bail!("GET {path}: {} {}", answer.status(), answer.text().await?);
        }
        Ok(answer.json().await?)
    }

    /// The store as it is shown.
    ///
    /// # Errors
    /// If the API does not show it.
    pub async fn store(&self, id: &str) -> Result<Value> {
        self.get(&format!("/stores/{id}")).await
    }

    /// `PATCH /stores/{id}`; the whole answer.
    ///
    /// # Errors
    /// If the API does not answer.
    pub async fn patch(&self, id: &str, change: &Value) -> Result<Response> {
        let request = self.http.patch(format!("{}/stores/{id}", self.api));
        Ok(request.json(change).send().await?)
    }

    /// `DELETE /stores/{id}`; the whole answer.
    ///
    /// # Errors
    /// If the API does not answer.
    pub async fn delete(&self, id: &str) -> Result<Response> {
        Ok(self
            .http
            .delete(format!("{}/stores/{id}", self.api))
            .send()
            .await?)
    }

    /// Look at a store until it has that status; every look is given to `seen`.
    ///
    /// # Errors
    /// If it does not get there in time, with the last look.
    pub async fn until_seen(
        &self,
        id: &str,
        status: &str,
        patience: Duration,
        mut seen: impl FnMut(&Value),
    ) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let store = self.store(id).await?;
            seen(&store);
            if store["status"] == status {
                return Ok(store);
            }
            let dead_end = ["Failed", "DeleteFailed"]
                .iter()
                .any(|end| store["status"] == *end);
            if dead_end || begun.elapsed() > patience {
                bail!(
                    "{id} is not {status} after {:?}: {store:#}",
                    begun.elapsed()
                );
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Look at a store until it has that status.
    ///
    /// # Errors
    /// If it does not get there in time, with the last look.
    pub async fn until(&self, id: &str, status: &str, patience: Duration) -> Result<Value> {
        self.until_seen(id, status, patience, |_| {}).await
    }

    /// The actions of a store's audit, oldest first.
    ///
    /// # Errors
    /// If the API does not show it.
    pub async fn audit(&self, id: &str) -> Result<Vec<Value>> {
        let logs = self
            .get(&format!("/stores/audit/logs?store_id={id}&limit=200"))
            .await?;
        Ok(logs["items"].as_array().cloned().unwrap_or_default())
    }
}
