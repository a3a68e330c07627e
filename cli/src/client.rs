//! The API over HTTP: requests, and problems turned into something to read.

mod again;
mod stream;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::again::End;
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
        let answer = self
            .answer(|| {
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
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        read(status, &text)
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

    /// The answer to a request, sent again while that may help.
    async fn answer(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, Failed> {
        let mut tried = 0;
        loop {
            tried += 1;
            let came = request().send().await;
            let after = came
                .as_ref()
                .ok()
                .and_then(|answer| answer.headers().get("Retry-After")?.to_str().ok());
            let end = came
                .as_ref()
                .map_or(End::Silent, |answer| End::Said(answer.status(), after));
            let Some(pause) = again::pause(tried, end) else {
                return came.map_err(|error| self.silent(&error));
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

fn read(status: StatusCode, text: &str) -> Result<Value, Failed> {
    let value = serde_json::from_str(text).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(value);
    }
    let said = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mut what = format!("{} ({status})", said("title"));
    for text in [said("detail"), field_errors(&value)] {
        if !text.is_empty() && !what.contains(text.trim_end_matches('.')) {
            what.push_str(": ");
            what.push_str(&text);
        }
    }
    if !said("request_id").is_empty() {
        what.push_str(&format!(" [request {}]", said("request_id")));
    }
    let mut failed = Failed::new(what);
    if status == StatusCode::UNAUTHORIZED {
        failed = failed.next("log in with `urumi login`, or set URUMI_API_KEY");
    }
    Err(failed.code(match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => 2,
        StatusCode::NOT_FOUND => 3,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => 4,
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => 5,
        _ => 1,
    }))
}

fn field_errors(problem: &Value) -> String {
    let errors = problem["errors"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let lines: Vec<&str> = errors
        .iter()
        .filter_map(|error| error["detail"].as_str())
        .collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_becomes_a_sentence_and_an_exit_code() {
        let problem = r#"{"title":"Not found","detail":"There is no store `store-bcdfgh`.","request_id":"r1","errors":[{"detail":"one"},{"detail":"two"}]}"#;
        let failed = read(StatusCode::NOT_FOUND, problem).unwrap_err();

        assert_eq!(failed.code, 3);
        assert_eq!(
            failed.what,
            "Not found (404 Not Found): There is no store `store-bcdfgh`.: one; two [request r1]"
        );
        assert_eq!(read(StatusCode::CONFLICT, "").unwrap_err().code, 5);
        let nobody = read(StatusCode::UNAUTHORIZED, "{}").unwrap_err();
        assert_eq!(nobody.code, 4);
        assert!(nobody.next.unwrap().contains("urumi login"));
        let twice = r#"{"title":"Invalid","detail":"`limit` must be a number.","errors":[{"detail":"must be a number"}]}"#;
        let failed = read(StatusCode::BAD_REQUEST, twice).unwrap_err();
        assert_eq!(failed.code, 2);
        assert_eq!(
            failed.what,
            "Invalid (400 Bad Request): `limit` must be a number."
        );
        assert_eq!(
            read(StatusCode::INTERNAL_SERVER_ERROR, "<html>")
                .unwrap_err()
                .code,
            1
        );
    }

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

    #[test]
    fn an_empty_success_is_nothing() {
        assert_eq!(read(StatusCode::NO_CONTENT, "").unwrap(), Value::Null);
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
