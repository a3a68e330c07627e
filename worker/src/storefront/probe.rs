//! Asking: the ingress is dialled, the store's own host (and, with TLS, its SNI)
//! is sent. Follows redirects within the host by dialling the ingress again.
//!
//! The full look comes before Ready, each time on a fresh connection. The glance
//! is the observer's: two pages, on connections that are kept for a while.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE, USER_AGENT};
use reqwest::{Client, redirect};
use shared::fault;
use tokio::net::TcpStream;
use url::{Position, Url};

use crate::storefront::page::{Page, next};
use crate::storefront::{Shop, sale, verdict};

/// How long one answer may take: WordPress's first page warms its caches.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How long it may take at a glance.
const GLANCE: Duration = Duration::from_secs(10);
/// How long a connection is kept at a glance: over both pages, not to the next.
const KEPT: Duration = Duration::from_secs(20);
/// A host that is no store's.
const NOBODY: &str = "control.invalid";
/// How much of a body is read.
const BODY: usize = 256 * 1024;
/// Redirects that are followed.
const HOPS: usize = 4;

/// Asks shops through one ingress.
#[derive(Debug, Clone)]
pub struct Prober {
    ingress: String,
    client: Client,
}

impl Prober {
    /// A prober that dials `host:port`, each time anew.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub fn new(ingress: String) -> Result<Self, reqwest::Error> {
        let client = client(&ingress, TIMEOUT).pool_max_idle_per_host(0);
        Ok(Self {
            client: client.build()?,
            ingress,
        })
    }

    /// A prober that keeps its connections for a while.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub fn light(ingress: String) -> Result<Self, reqwest::Error> {
        let client = client(&ingress, GLANCE).pool_idle_timeout(KEPT);
        Ok(Self {
            client: client.build()?,
            ingress,
        })
    }

    /// One light look at the shop at `url`; no cart is touched.
    ///
    /// # Errors
    /// What is not as it should be, in one line.
    pub async fn glance(&self, url: &str, shop: Shop) -> Result<(), String> {
        let home = Url::parse(url).map_err(|error| format!("`{url}` is no address: {error}"))?;
        verdict::front_page(&self.get(&home, "/").await?)?;
        match shop {
            Shop::WordPress => verdict::login(&self.get(&home, "/wp-login.php").await?),
            Shop::WooCommerce => {
                sale::catalogue(&self.get(&home, sale::CATALOGUE).await?).map(drop)
            }
        }
    }

    /// Whether the ingress answers for that host, without an error of its own and
    /// in the way that the shop at `url` is asked; for no host: at all.
    pub async fn answers(&self, host: &str, url: &str) -> bool {
        let tls = url.starts_with("https:");
        if host.is_empty() && tls {
            // No certificate is nobody's, so being let in has to do.
            let Ok(dialled) = self.dial().await else {
                return false;
            };
            let connected = tokio::time::timeout(GLANCE, TcpStream::connect(dialled));
            return matches!(connected.await, Ok(Ok(_)));
        }
        let scheme = if tls { "https" } else { "http" };
        let asked = if host.is_empty() { NOBODY } else { host };
        let Ok(home) = Url::parse(&format!("{scheme}://{asked}/")) else {
            return false;
        };
        let answer = self.ask(&home, "").await;
        answer.is_ok_and(|page| host.is_empty() || page.status < 500)
    }

    /// One full look at the shop at `url`. One that `opens` for the first time is as
    /// the set-up made it, and has to sell; later its owner may have emptied it.
    ///
    /// # Errors
    /// What is not as it should be, in one line.
    pub async fn look(&self, url: &str, shop: Shop, opens: bool) -> Result<(), String> {
        if fault::without("probe") {
            return Ok(());
        }
        let home = Url::parse(url).map_err(|error| format!("`{url}` is no address: {error}"))?;
        verdict::front_page(&self.get(&home, "/").await?)?;
        verdict::login(&self.get(&home, "/wp-login.php").await?)?;
        verdict::installer(&self.get(&home, "/wp-admin/install.php").await?)?;
        match shop {
            Shop::WordPress => Ok(()),
            Shop::WooCommerce => self.buy(&home, opens).await,
        }
    }

    /// As far as the checkout, as a customer goes; nothing is ordered.
    async fn buy(&self, home: &Url, opens: bool) -> Result<(), String> {
        let Some(product) = sale::catalogue(&self.get(home, sale::CATALOGUE).await?)? else {
            return match opens {
                true => Err("the shop has nothing that can be bought".to_owned()),
                false => Ok(()),
            };
        };
        sale::product(&self.get(home, &product.path).await?, &product)?;
        let mut cookies = Vec::new();
        let add = format!("/?add-to-cart={}", product.id);
        sale::added(&self.visit(home, &add, &mut cookies).await?)?;
        sale::cart(&self.visit(home, sale::CART, &mut cookies).await?, &product)?;
        let checkout = self.visit(home, sale::CHECKOUT, &mut cookies).await?;
        sale::checkout(&checkout, opens)
    }

    async fn get(&self, home: &Url, path: &str) -> Result<Page, String> {
        self.visit(home, path, &mut Vec::new()).await
    }

    /// `path`, wherever it leads within the shop; cookies are shown and kept.
    async fn visit(&self, home: &Url, path: &str, jar: &mut Vec<String>) -> Result<Page, String> {
        let unusable = |error| format!("`{home}` is no address: {error}");
        let mut asked = home.join(path).map_err(unusable)?;
        for _ in 0..HOPS {
            let page = self.ask(&asked, &jar.join("; ")).await?;
            sale::keep(jar, &page.cookies);
            match next(&asked, &page) {
                Some(target) => asked = target,
                None => return Ok(page),
            }
        }
        Err(format!("`{path}` redirects without end"))
    }

    async fn ask(&self, asked: &Url, cookies: &str) -> Result<Page, String> {
        let dialled = self.dial().await?;
        let target = if asked.scheme() == "https" {
            let mut target = asked.clone();
            // The ingress's port, whatever the shop's address says.
            let _ = target.set_port(Some(dialled.port()));
            target
        } else {
            // One host for all, so that connections serve them all.
            let path = &asked[Position::BeforePath..];
            let target = format!("http://{dialled}{path}");
            Url::parse(&target).map_err(|error| error.to_string())?
        };
        let mut request = self
            .client
            .get(target)
            .header(HOST, &asked[Position::BeforeHost..Position::BeforePath])
            .header(USER_AGENT, "urumi-probe");
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        let sent = request.send().await;
        let answer = sent.map_err(|error| self.unreachable(&error))?;
        let header = |name| {
            let value = answer.headers().get(name);
            value.and_then(|value| value.to_str().ok().map(str::to_owned))
        };
        let (status, content_type) = (answer.status().as_u16(), header(CONTENT_TYPE));
        let location = header(LOCATION);
        let set = answer.headers().get_all(SET_COOKIE).into_iter();
        let set = set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookies = set.map(str::to_owned).collect();
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
            cookies,
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

/// Finds every host at the ingress, whatever DNS says; so TLS gets the shop's name.
struct AtIngress(Arc<str>);

impl Resolve for AtIngress {
    fn resolve(&self, _: Name) -> Resolving {
        let ingress = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host(&*ingress).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

fn client(ingress: &str, timeout: Duration) -> reqwest::ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .dns_resolver(Arc::new(AtIngress(ingress.into())))
        .connect_timeout(Duration::from_secs(5))
        .timeout(timeout)
}
