//! Sends one message. Every name is looked up here, and the connection goes to the
//! very address that was checked: an answer of the DNS that changes in between
//! changes nothing. Redirects are not followed, and no more than the head of the
//! answer is read.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use time::OffsetDateTime;
use tokio::time::timeout;
use url::Url;

use crate::record::rows::to_micros;
use crate::webhooks::address::{Refused, Rules};
use crate::webhooks::outcome::{Try, complaint};

/// How long a connection may take, with the look-up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a try may take in all.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a look-up may take while somebody waits for an answer of ours.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);

type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
type Lookup = Arc<dyn Fn(String) -> Found + Send + Sync>;

/// A message, signed.
#[derive(Debug)]
pub struct Message {
    pub url: String,
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: String,
}

/// Looks names up, and gives out addresses that may be sent to.
#[derive(Clone)]
struct Guard {
    rules: Rules,
    lookup: Lookup,
}

impl Guard {
    /// A name with any address that is not public is refused as a whole.
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Box<dyn StdError + Send + Sync>> {
        let found = (self.lookup)(name.to_owned()).await?;
        for address in &found {
            self.rules.address(*address)?;
        }
        Ok(found)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = guard.addresses(name.as_str()).await?;
            let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}

/// Sends messages.
#[derive(Clone)]
pub struct Sender {
    guard: Guard,
    client: Client,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl Sender {
    /// With the system's own look-up.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(rules: Rules) -> Result<Self, reqwest::Error> {
        Self::with(rules, Arc::new(|name| -> Found { Box::pin(look_up(name)) }))
    }

    fn with(rules: Rules, lookup: Lookup) -> Result<Self, reqwest::Error> {
        let guard = Guard { rules, lookup };
        let client = Client::builder()
            .dns_resolver(guard.clone())
            .redirect(Policy::none())
            // A proxy would look the name up by itself.
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // Each message is sent to an address that was checked for it.
            .pool_max_idle_per_host(0)
            .http1_only()
            .user_agent(concat!("urumi/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { guard, client })
    }

    /// A URL that may be sent to at this moment. A name that is not known yet may
    /// become so.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn check(&self, text: &str) -> Result<Url, String> {
        let url = self.guard.rules.url(text)?;
        if let Some(name) = url.domain()
            && let Ok(Err(error)) = timeout(LOOKUP_TIMEOUT, self.guard.addresses(name)).await
            && error.is::<Refused>()
        {
            return Err(Refused.to_string());
        }
        Ok(url)
    }

    /// Send a message, once.
    pub async fn send(&self, message: Message) -> Try {
        let at = to_micros(OffsetDateTime::now_utc());
        let began = Instant::now();
        let (status, error) = match self.answer(message).await {
            Ok(status) => (Some(status), complaint(status)),
            Err(error) => (None, Some(error)),
        };
        let duration_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Try {
            at,
            status,
            error,
            duration_ms,
        }
    }

    async fn answer(&self, message: Message) -> Result<u16, String> {
        // Settings may have become stricter since it was made.
        let url = self.guard.rules.url(&message.url)?;
        let sent = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", message.signature)
            .body(message.body)
            .send();
        // The body is left unread: it is dropped with the connection.
        match sent.await {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) => Err(reason(&error)),
        }
    }
}

async fn look_up(name: String) -> io::Result<Vec<IpAddr>> {
    let found = tokio::net::lookup_host((name, 0)).await?;
    Ok(found.map(|address| address.ip()).collect())
}

/// Why there was no answer, without the URL, whose path may be a secret.
fn reason(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<Refused>() {
            return Refused.to_string();
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        format!("it did not answer within {} s", TIMEOUT.as_secs())
    } else if error.is_connect() {
        "it cannot be connected to".to_owned()
    } else {
        "the connection was lost before it answered".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A name of the test's own, with these answers one after the other.
    fn sender(loopback: bool, answers: &'static [&'static str]) -> Sender {
        shared::telemetry::install_tls_provider();
        let asked = AtomicUsize::new(0);
        let lookup: Lookup = Arc::new(move |_| -> Found {
            let turn = asked.fetch_add(1, Ordering::Relaxed);
            let answer = answers[turn.min(answers.len() - 1)];
            let found = answer.split(' ').map(|text| text.parse().unwrap());
            let found: Vec<IpAddr> = found.collect();
            Box::pin(async move { Ok(found) })
        });
        let rules = Rules {
            http: true,
            loopback,
        };
        Sender::with(rules, lookup).unwrap()
    }

    /// Answers 200 to everybody, and counts them.
    async fn receiver() -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        actix_web::rt::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let mut some = [0; 4096];
                let _ = stream.read(&mut some).await;
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                    .await;
            }
        });
        (port, count)
    }

    fn message(port: u16) -> Message {
        Message {
            url: format!("http://hooks.example:{port}/"),
            id: "msg_1".to_owned(),
            timestamp: 1,
            signature: "v1,x".to_owned(),
            body: "{}".to_owned(),
        }
    }

    #[actix_web::test]
    async fn a_name_that_turns_to_a_private_address_is_not_connected_to() {
        let (port, count) = receiver().await;
        let sender = sender(false, &["93.184.215.14", "127.0.0.1"]);
        let url = format!("http://hooks.example:{port}/");
        assert!(sender.check(&url).await.is_ok());
        let tried = sender.send(message(port)).await;
        assert_eq!(tried.status, None);
        assert_eq!(tried.error.unwrap(), Refused.to_string());
        assert_eq!(count.load(Ordering::Relaxed), 0);
        // When it is made, too.
        assert_eq!(sender.check(&url).await.unwrap_err(), Refused.to_string());
    }

    #[actix_web::test]
    async fn a_name_with_one_private_address_among_others_is_refused_whole() {
        let (port, count) = receiver().await;
        let sender = sender(false, &["93.184.215.14 127.0.0.1"]);
        let tried = sender.send(message(port)).await;
        assert_eq!(tried.error.unwrap(), Refused.to_string());
        assert_eq!(count.load(Ordering::Relaxed), 0);
    }

    #[actix_web::test]
    async fn loopback_is_sent_to_where_that_is_allowed() {
        let (port, count) = receiver().await;
        let tried = sender(true, &["127.0.0.1"]).send(message(port)).await;
        assert_eq!((tried.status, tried.error), (Some(200), None));
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }

    #[actix_web::test]
    async fn an_address_in_the_url_itself_is_checked_at_each_send() {
        let (port, count) = receiver().await;
        let mut direct = message(port);
        direct.url = format!("http://127.0.0.1:{port}/");
        let tried = sender(false, &["1.1.1.1"]).send(direct).await;
        assert_eq!(tried.error.unwrap(), Refused.to_string());
        assert_eq!(count.load(Ordering::Relaxed), 0);
    }
}
