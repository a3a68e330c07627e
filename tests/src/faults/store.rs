//! A client as it should be: it asks again, with the same key, until it is
//! answered; and looks until an operation has ended.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::faults::own::Own;
use crate::faults::patience::{LOOK, until};
use crate::machine::root;

/// How long a client goes on asking a server that does not answer.
const STUBBORN: Duration = Duration::from_secs(60);

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Create,
    Update,
    Delete,
}

impl Wish {
    pub const ALL: [Self; 3] = [Self::Create, Self::Update, Self::Delete];

    /// Those that the api's contract has.
    ///
    /// # Errors
    /// If the contract cannot be read.
    pub fn known() -> Result<Vec<Self>> {
        let contract = std::fs::read_to_string(root().join("api/openapi.json"))?;
        let contract: Value = serde_json::from_str(&contract)?;
        let has = |wish: &Self| match wish {
            Self::Create => true,
            Self::Update => contract["paths"]["/stores/{id}"]["patch"].is_object(),
            Self::Delete => true,
        };
        Ok(Self::ALL.into_iter().filter(has).collect())
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The status that the store has when it is fulfilled.
    #[must_use]
    pub fn goal(self) -> &'static str {
        match self {
            Self::Create | Self::Update => "Ready",
            Self::Delete => "Deleted",
        }
    }
}

impl Own {
    /// `POST /stores`; the store's id.
    ///
    /// # Errors
    /// If it is refused, or not answered for a minute.
    pub async fn create(&self, name: &str, key: &str) -> Result<String> {
        self.create_of(name, "small", key).await
    }

    /// The same of a plan.
    ///
    /// # Errors
    /// If it is refused, or not answered for a minute.
    pub async fn create_of(&self, name: &str, plan: &str, key: &str) -> Result<String> {
        let request = self
            .http
            .post(format!("{}/stores", self.base))
            .header("Idempotency-Key", key.replace(' ', "-"))
            .json(&json!({ "name": name, "plan": plan }));
        let store = self.insist(request).await?;
        Ok(store["id"].as_str().context("no id")?.to_owned())
    }

    /// `PATCH /stores/{id}` to another plan.
    ///
    /// # Errors
    /// If it is refused, or not answered for a minute.
    pub async fn update(&self, id: &str, plan: &str, key: &str) -> Result<()> {
        let request = self
            .http
            .patch(format!("{}/stores/{id}", self.base))
            .header("Idempotency-Key", key.replace(' ', "-"))
            .json(&json!({ "plan": plan }));
        self.insist(request).await.map(|_| ())
    }

    /// `DELETE /stores/{id}`.
    ///
    /// # Errors
    /// If it is refused, or not answered for a minute.
    pub async fn delete(&self, id: &str) -> Result<()> {
        let request = self
            .http
            .request(Method::DELETE, format!("{}/stores/{id}", self.base));
        self.insist(request).await.map(|_| ())
    }

    async fn insist(&self, request: RequestBuilder) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let again = request
                .try_clone()
                .context("a body that cannot be sent twice")?;
            match again.send().await {
                Ok(answer) if answer.status().is_success() => {
                    // Cut off in the middle of the answer: ask again.
                    if let Ok(text) = answer.text().await {
                        return Ok(serde_json::from_str(&text).unwrap_or(Value::Null));
                    }
                }
                Ok(answer) if answer.status().is_client_error() => {
                    bail!("refused: {} {}", answer.status(), answer.text().await?)
                }
                Ok(_) | Err(_) => {}
            }
            if begun.elapsed() > STUBBORN {
                bail!("the api does not answer for {STUBBORN:?}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The store as it is shown; `None` while nothing answers.
    pub async fn store(&self, id: &str) -> Option<Value> {
        let url = format!("{}/stores/{id}", self.base);
        let answer = self.http.get(url).send().await.ok()?;
        answer.json().await.ok()
    }

    /// Look until the store's operation of that kind has ended; the store.
    ///
    /// # Errors
    /// If it does not end in time, with the last look.
    pub async fn until_ended(&self, id: &str, wish: Wish, within: Duration) -> Result<Value> {
        let mut last = Value::Null;
        let ended = until("the operation ends", within, async || {
            let store = self.store(id).await?;
            last = store;
            let operation = &last["operation"];
            let kind = operation["kind"].as_str()?;
            let over = !matches!(operation["status"].as_str()?, "Queued" | "Running");
            (kind.eq_ignore_ascii_case(wish.as_str()) && over).then_some(())
        })
        .await;
        match ended {
            Ok(()) => Ok(last),
            Err(error) => bail!("{error}; last seen: {last}"),
        }
    }
}
