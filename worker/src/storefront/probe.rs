//! Asking: the ingress is dialled, the store's own host (and, with TLS, its SNI)
//! is sent. Follows redirects within the host by dialling the ingress again.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::header::{CONTENT_TYPE, HOST, LOCATION, USER_AGENT};
use reqwest::{Client, redirect};
use shared::fault;
use url::{Position, Url};

use crate::storefront::page::{Page, next};
use crate::storefront::verdict;

/// How long one answer may take: WordPress's first page warms its caches.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How much of a body is read.
const BODY: usize = 256 * 1024;
/// Redirects that are followed.
const HOPS: usize = 4;

/// Asks shops through one ingress.
#[derive(Debug, Clone)]
pub struct Prober {
    ingress: String,
    plain: Client,
}

impl Prober {
    /// A prober that dials `host:port`.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub fn new(ingress: String) -> Result<Self, reqwest::Error> {
        Ok(Self {
            ingress,
            plain: bare().build()?,
        })
    }

    /// One full look at the shop at `url`.
    ///
    /// # Errors
    /// What is not as it should be, in one line.
    pub async fn look(&self, url: &str) -> Result<(), String> {
        if fault::without("probe") {
            return Ok(());
        }
        let home = Url::parse(url).map_err(|error| format!("`{url}` is no address: {error}"))?;
        verdict::front_page(&self.get(&home, "/").await?)?;
        verdict::login(&self.get(&home, "/wp-login.php").await?)?;
        verdict::installer(&self.get(&home, "/wp-admin/install.php").await?)
    }

    async fn get(&self, home: &Url, path: &str) -> Result<Page, String> {
        let unusable = |error| format!("`{home}` is no address: {error}");
        let mut asked = home.join(path).map_err(unusable)?;
        for _ in 0..HOPS {
            let page = self.ask(&asked).await?;
            match next(&asked, &page) {
                Some(target) => asked = target,
                None => return Ok(page),
            }
        }
        Err(format!("`{path}` redirects without end"))
    }

    async fn ask(&self, asked: &Url) -> Result<Page, String> {
        let dialled = self.dial().await?;
        let (client, target) = if asked.scheme() == "https" {
            let mut target = asked.clone();
            // The ingress's port, whatever the shop's address says.
            let _ = target.set_port(Some(dialled.port()));
            (with_sni(asked, dialled)?, target)
        } else {
            let path = &asked[Position::BeforePath..];
            let target = format!("http://{dialled}{path}");
            let target = Url::parse(&target).map_err(|error| error.to_string())?;
            (self.plain.clone(), target)
        };
        let answer = client
            .get(target)
            .header(HOST, &asked[Position::BeforeHost..Position::BeforePath])
            .header(USER_AGENT, "urumi-probe")
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let header = |name| {
            let value = answer.headers().get(name);
            value.and_then(|value| value.to_str().ok().map(str::to_owned))
        };
        let (status, content_type) = (answer.status().as_u16(), header(CONTENT_TYPE));
        let location = header(LOCATION);
        let mut body = Vec::new();
        let mut parts = answer.bytes_stream();
        while let Some(part) = parts.next().await {
            body.extend_from_slice(&part.map_err(|error| self.unreachable(&error))?);
            if body.len() >= BODY {
                break;
            }
        }
        Ok(Page {
            status,
            content_type: content_type.unwrap_or_default(),
            location,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    async fn dial(&self) -> Result<SocketAddr, String> {
        let found = tokio::net::lookup_host(&self.ingress).await;
        let first = found.ok().and_then(|mut addresses| addresses.next());
        first.ok_or_else(|| {
            format!(
                "the ingress address `{}` is not known; set URUMI_INGRESS to host:port",
                self.ingress
            )
        })
    }

    fn unreachable(&self, error: &reqwest::Error) -> String {
        if error.is_connect() {
            format!("nothing answers at the ingress {}", self.ingress)
        } else if error.is_timeout() {
            format!("no answer through the ingress {} in time", self.ingress)
        } else {
            format!("the ingress {} broke the answer off", self.ingress)
        }
    }
}

/// A client that finds this one host at the ingress, whatever DNS says.
fn with_sni(asked: &Url, ingress: SocketAddr) -> Result<Client, String> {
    let host = asked.host_str().unwrap_or_default();
    let client = bare().resolve(host, ingress).build();
    client.map_err(|error| error.to_string())
}

fn bare() -> reqwest::ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_secs(5))
        .timeout(TIMEOUT)
}
