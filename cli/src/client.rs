//! The API over HTTP: requests, sent again while that may help, and what is taken
//! for an answer.

mod again;
mod problem;
mod stream;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::again::End;
use self::problem::problem;
use crate::exit::Failed;

/// The API at one address.
pub struct Client {
    server: String,
    key: Option<String>,
    http: reqwest::Client,
}

impl Client {
    /// A client for that address, perhaps with an API key. Opens nothing yet.
    ///
    /// # Errors
    /// If that is no address, or the machine's TLS roots cannot be read.
    pub fn new(server: &str, key: Option<String>) -> Result<Self, Failed> {
        checked(server)?;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .user_agent(concat!("urumi/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failed::new(shared::telemetry::chain(&error)))?;
        Ok(Self {
            server: server.trim_end_matches('/').to_owned(),
            key,
            http,
        })
    }

    /// `GET path`.
    ///
    /// # Errors
    /// The API's problem, or that it does not answer.
    pub async fn get(&self, path: &str) -> Result<Value, Failed> {
        self.get_with(path, &[]).await
    }

    /// `GET path` with these query parameters.
    ///
    /// # Errors
    /// The API's problem, or that it does not answer.
    pub async fn get_with(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Failed> {
        self.send(Method::GET, path, query, None).await
    }

    /// `POST path` with an idempotency key of its own, so that it may be said
    /// again when no answer came.
    ///
    /// # Errors
    /// The API's problem, or that it does not answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    /// `PATCH path`, with a key like a POST.
    ///
    /// # Errors
    /// The API's problem, or that it does not answer.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        self.send(Method::PATCH, path, &[], Some(body)).await
    }

    /// `DELETE path`; nothing for 204.
    ///
    /// # Errors
    /// The API's problem, or that it does not answer.
    pub async fn delete(&self, path: &str) -> Result<Value, Failed> {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// That the API lives. It says so in a word, not in JSON.
    ///
    /// # Errors
    /// The API's problem, or that it does not answer.
    pub async fn alive(&self) -> Result<(), Failed> {
        let path = "/healthz";
        let (_, text) = self
            .success(|| self.request(Method::GET, path, &[]))
            .await?;
        match text.trim() {
            "ok" => Ok(()),
            _ => Err(self.no_api(path, "`ok`")),
        }
    }

    /// What the API says of the servers behind it, also while it is not ready.
    ///
    /// # Errors
    /// That it does not answer.
    pub async fn readiness(&self) -> Result<Value, Failed> {
        let answer = self.http.get(format!("{}/readyz", self.server)).send();
        let answer = answer.await.map_err(|error| self.silent(&error))?;
        let said = answer.json().await;
        said.map_err(|_| Failed::new("`/readyz` answered with something else than JSON"))
    }

    /// Whether a page answers with a success, asked as a browser would: names below
    /// `localhost` are this machine's (RFC 6761), also where no resolver knows them.
    ///
    /// # Errors
    /// Why not.
    pub async fn answers(url: &str, patience: Duration) -> Result<(), String> {
        let url = reqwest::Url::parse(url).map_err(|error| error.to_string())?;
        let mut browser = reqwest::Client::builder().timeout(patience);
        if let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default())
            && host.ends_with(".localhost")
        {
            browser = browser.resolve(host, SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        }
        let said = |error: reqwest::Error| shared::telemetry::chain(&error);
        let answer = browser.build().map_err(said)?.get(url).send().await;
        match answer.map_err(said)?.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("it says {status}")),
        }
    }

    /// The address of the API.
    pub fn server(&self) -> &str {
        &self.server
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Failed> {
        // One for the wish, however often it is sent: so it is done once.
        let key = uuid::Uuid::now_v7().to_string();
        let (status, text) = self
            .success(|| {
                let mut request = self.request(method.clone(), path, query);
                if method != Method::GET {
                    request = request.header("Idempotency-Key", &key);
                }
                match body {
                    Some(body) => request.json(body),
                    None => request,
                }
            })
            .await?;
        let may_be_empty = status == StatusCode::NO_CONTENT || method == Method::DELETE;
        if text.is_empty() && may_be_empty {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|_| self.no_api(path, "JSON"))
    }

    fn request(&self, method: Method, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{path}", self.server))
            .query(query);
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// The whole text of a success.
    async fn success(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<(StatusCode, String), Failed> {
        // An answer that breaks off is none, so the same is asked again.
        let whole = async |answer: Response| {
            let status = answer.status();
            Ok((status, answer.text().await?))
        };
        let (status, text) = self.answer(request, whole).await?;
        match status.is_success() {
            true => Ok((status, text)),
            false => Err(problem(status, &text)),
        }
    }

    /// What is taken of the answer to a request, sent again while that may help.
    async fn answer<T>(
        &self,
        request: impl Fn() -> RequestBuilder,
        take: impl AsyncFn(Response) -> reqwest::Result<T>,
    ) -> Result<T, Failed> {
        let mut tried = 0;
        loop {
            tried += 1;
            let came = once(request(), &take).await;
            let end = match &came {
                Ok((status, after, _)) => End::Said(*status, after.as_deref()),
                Err(_) => End::Silent,
            };
            let Some(pause) = again::pause(tried, end) else {
                let taken = came.map(|(.., taken)| taken);
                return taken.map_err(|error| self.silent(&error));
            };
            // Ctrl-C ends the program, or drops this wait: there is nothing to cancel.
            shared::wait::pause(pause, &CancellationToken::new()).await;
        }
    }

    fn silent(&self, error: &reqwest::Error) -> Failed {
        let why = shared::telemetry::chain(error);
        Failed::new(format!("the API at {} does not answer: {why}", self.server))
            .next("start it with `make up`, or name another with --server or URUMI_API")
    }

    /// Any site says 200 to anything; an answer is one only in the form that the API has.
    fn no_api(&self, path: &str, wanted: &str) -> Failed {
        let server = &self.server;
        Failed::new(format!(
            "{server} is no Urumi API: what it answers to {path} is not {wanted}"
        ))
        .next(
            "name the API's own address with --server or URUMI_API, such as http://localhost:3000",
        )
    }
}

/// Status, `Retry-After` and what is taken of one answer.
async fn once<T>(
    request: RequestBuilder,
    take: impl AsyncFn(Response) -> reqwest::Result<T>,
) -> reqwest::Result<(StatusCode, Option<String>, T)> {
    let answer = request.send().await?;
    let after = answer.headers().get("Retry-After");
    let after = after
        .and_then(|after| after.to_str().ok())
        .map(str::to_owned);
    Ok((answer.status(), after, take(answer).await?))
}

/// An address that requests can be sent to.
fn checked(server: &str) -> Result<(), Failed> {
    let wrong = match reqwest::Url::parse(server) {
        Err(_) => Some("it is no whole address".to_owned()),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            Some("it does not begin with http:// or https://".to_owned())
        }
        Ok(_) => None,
    };
    match wrong {
        None => Ok(()),
        Some(why) => Err(
            Failed::new(format!("`{server}` is not the address of an API: {why}"))
                .code(2)
                .next("give --server or URUMI_API a whole address, such as http://localhost:3000"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_no_address_is_named_with_an_example() {
        for wrong in ["nope", "localhost:3000", "ftp://localhost", "", "http://"] {
            let failed = Client::new(wrong, None).err().unwrap();
            assert_eq!(failed.code, 2, "{wrong}");
            assert!(
                failed.what.contains(&format!("`{wrong}`")),
                "{}",
                failed.what
            );
            assert!(failed.next.unwrap().contains("http://localhost:3000"));
        }
    }

    #[tokio::test]
    async fn an_absent_server_is_named_with_what_to_do() {
        shared::telemetry::install_tls_provider();
        let failed = Client::new("http://127.0.0.1:9", None)
            .unwrap()
            .get("/stores")
            .await
            .unwrap_err();

        assert!(
            failed.what.contains("http://127.0.0.1:9"),
            "{}",
            failed.what
        );
        assert!(failed.next.unwrap().contains("make up"));
    }

    /// A server that is busy once and then takes the wish; the heads it was sent.
    async fn busy_once(listener: tokio::net::TcpListener) -> Vec<String> {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut heads = Vec::new();
        for answer in [
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
        ] {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
            heads.push(String::from_utf8(head).unwrap());
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
        heads
    }

    #[tokio::test]
    async fn a_wish_is_sent_again_with_its_key() {
        shared::telemetry::install_tls_provider();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let client = Client::new(&address, None).unwrap();
        let (answer, heads) = tokio::join!(client.delete("/stores/x"), busy_once(listener));
        answer.unwrap();
        let key = |head: &String| {
            let mut lines = head.lines();
            let line = lines.find(|line| line.starts_with("idempotency-key: "));
            line.unwrap().to_owned()
        };
        assert_eq!(heads.len(), 2);
        assert_eq!(key(&heads[0]), key(&heads[1]));
    }
}
