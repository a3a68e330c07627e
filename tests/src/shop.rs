//! A shop as its visitors and its owner reach it: through the ingress.

use anyhow::{Context, Result};
use reqwest::{Client, Response};
use serde_json::Value;

use crate::platform::Platform;

/// One store's site, asked through the ingress with the store's own host.
pub struct Shop {
    base: String,
    host: String,
    http: Client,
}

impl Shop {
    /// The site of a store.
    ///
    /// # Errors
    /// If the store shows no host.
    pub fn of(platform: &Platform, store: &Value) -> Result<Self> {
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .cookie_store(true)
            .pool_max_idle_per_host(0)
            .timeout(std::time::Duration::from_secs(20))
            .build()?;
        Ok(Self {
            base: format!("http://{}", platform.ingress),
            host: store["host"]
                .as_str()
                .context("the store shows no host")?
                .to_owned(),
            http,
        })
    }

    /// `GET path`.
    ///
    /// # Errors
    /// If nothing answers.
    pub async fn get(&self, path: &str) -> Result<Response> {
        let request = self.http.get(format!("{}{path}", self.base));
        Ok(request.header("Host", &self.host).send().await?)
    }

    /// Log in at wp-login.php and open the admin; its status and text.
    ///
    /// # Errors
    /// If nothing answers.
    pub async fn admin_page(&self, user: &str, password: &str) -> Result<(u16, String)> {
        self.get("/wp-login.php").await?;
        let form = [
            ("log", user),
            ("pwd", password),
            ("wp-submit", "Log In"),
            ("testcookie", "1"),
        ];
        let request = self
            .http
            .post(format!("{}/wp-login.php", self.base))
            .form(&form);
        let login = request.header("Host", &self.host).send().await?;
        // Cookies are kept for the address that was dialled; the shop's own
        // host differs, so they are carried over by hand.
        let cookies: Vec<String> = login
            .headers()
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| value.to_str().ok()?.split(';').next().map(str::to_owned))
            .collect();
        let request = self.http.get(format!("{}/wp-admin/profile.php", self.base));
        let page = request
            .header("Host", &self.host)
            .header("Cookie", cookies.join("; "))
            .send()
            .await?;
        Ok((page.status().as_u16(), page.text().await?))
    }
}
