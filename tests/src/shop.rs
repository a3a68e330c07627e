//! A shop as its visitors and its owner reach it: through the ingress.

use anyhow::{Context, Result, bail};
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

    /// `GET path` with cookies and other headers.
    ///
    /// # Errors
    /// If nothing answers.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Result<Response> {
        let mut request = self.http.get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(request.header("Host", &self.host).send().await?)
    }

    /// `POST path` with JSON and headers; what it answers, if that is a success.
    ///
    /// # Errors
    /// If nothing answers, or no success.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Result<Value> {
        let mut request = self.http.post(format!("{}{path}", self.base)).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.header("Host", &self.host).send().await?;
        if !answer.status().is_success() {
            bail!("POST {path}: {} {}", answer.status(), answer.text().await?);
        }
        Ok(answer.json().await?)
    }

    /// Log in at wp-login.php and open the admin; its status and text.
    ///
    /// # Errors
    /// If nothing answers.
    pub async fn admin_page(&self, user: &str, password: &str) -> Result<(u16, String)> {
        let cookies = self.log_in(user, password).await?;
        let request = self.http.get(format!("{}/wp-admin/profile.php", self.base));
        let page = request
            .header("Host", &self.host)
            .header("Cookie", cookies)
            .send()
            .await?;
        Ok((page.status().as_u16(), page.text().await?))
    }

    /// What the form says to a login, without what differs from page to page.
    ///
    /// # Errors
    /// If nothing answers.
    pub async fn login_answer(&self, user: &str, password: &str) -> Result<String> {
        let request = self.http.post(format!("{}/wp-login.php", self.base));
        let form = [("log", user), ("pwd", password)];
        let answer = request
            .header("Host", &self.host)
            .form(&form)
            .send()
            .await?;
        let text = answer.text().await?;
        let from = text
            .find("id=\"login_error\"")
            .context("no error is told")?;
        let to = text.find("</form>").context("no form")?;
        Ok(text[from..to].to_owned())
    }

    /// Log in at wp-login.php; the cookies that it gave.
    ///
    /// # Errors
    /// If nothing answers.
    pub async fn log_in(&self, user: &str, password: &str) -> Result<String> {
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
        Ok(cookies.join("; "))
    }
}
