//! Somebody with a key, or without one, where a login is required.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, TestApi};

/// The name of the platform's own tenant.
pub const PLATFORM: &str = "local";

/// Who asks.
pub struct Person<'a> {
    api: &'a TestApi,
    pub key: Option<String>,
}

impl TestApi {
    /// One where nothing is answered without a key.
    pub async fn with_login(name: &str) -> Self {
        Self::ready_with(name, &[("URUMI_LOGIN", "required")]).await
    }

    /// Somebody with a fresh key of that tenant, which is made if need be.
    pub async fn person(&self, tenant: &str, role: &str) -> Person<'_> {
        let mut sql = self.servers.sql().await;
        sqlx::query("INSERT INTO tenants (id, name) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(uuid::Uuid::now_v7())
            .bind(tenant)
            .execute(&mut sql)
            .await
            .unwrap();
        let keyring = api::bootstrap::Keyring {
            database_url: self.servers.database_url.clone().into(),
        };
        let key = api::bootstrap::key(&keyring, tenant, role, "test").await;
        self.holder(&key.unwrap())
    }

    /// Whoever has that key.
    pub fn holder(&self, key: &str) -> Person<'_> {
        Person {
            api: self,
            key: Some(key.to_owned()),
        }
    }

    /// Somebody without a key.
    pub fn nobody(&self) -> Person<'_> {
        Person {
            api: self,
            key: None,
        }
    }
}

impl Person<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.api.request(method, path);
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path).json(&body);
        Answer::of(request.send().await.unwrap()).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        let request = self.request(Method::PATCH, path).json(&body);
        Answer::of(request.send().await.unwrap()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path).send().await.unwrap()).await
    }

    /// A fresh store of that name.
    pub async fn a_store(&self, name: &str) -> Value {
        let answer = self.post("/stores", json!({ "name": name })).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.json
    }
}
