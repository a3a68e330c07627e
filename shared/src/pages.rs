//! A few pages for machines (probes, metrics) on a listener of their own. They need
//! no web framework: this reads a request's head, answers and closes. It knows
//! nothing of what it serves.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A client that says nothing is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The head of such a request is far shorter.
const HEAD: usize = 8 * 1024;
/// Answered at once; the others wait in the kernel.
const AT_ONCE: usize = 32;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Such as `200 OK`.
    pub status: &'static str,
    /// Of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Page {
    /// A line of text.
    #[must_use]
    pub fn text(status: &'static str, body: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: body.to_owned(),
        }
    }
}

/// Answer with what `page` makes of a path (of GET and HEAD) until told to stop.
pub async fn serve<F>(
    listener: TcpListener,
    stop: CancellationToken,
    page: impl Fn(String) -> F + Send + Sync + 'static,
) where
    F: Future<Output = Page> + Send + 'static,
{
    let page = Arc::new(page);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::debug!(%error, "a connection was not accepted");
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let page = Arc::clone(&page);
        tokio::spawn(async move {
            // Whoever hangs up early gets no answer, and needs none.
            let _ = timeout(PATIENCE, answer(stream, page.as_ref())).await;
            drop(place);
        });
    }
}

async fn answer<F: Future<Output = Page>>(
    mut stream: TcpStream,
    page: &impl Fn(String) -> F,
) -> std::io::Result<()> {
    let mut head = vec![0_u8; HEAD];
    let mut read = 0;
    while read < HEAD && !head[..read].windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut head[read..]).await? {
            0 => break,
            more => read += more,
        }
    }
    let text = String::from_utf8_lossy(&head[..read]).into_owned();
    let page = match asked(&text) {
        Some((_, path)) => page(path.to_owned()).await,
        None => Page::text("405 Method Not Allowed", "GET and HEAD are answered\n"),
    };
    let body = match asked(&text) {
        Some(("HEAD", _)) => "",
        _ => page.body.as_str(),
    };
    let reply = format!(
        "HTTP/1.1 {}\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        page.status,
        page.content_type,
        page.body.len()
    );
    stream.write_all(reply.as_bytes()).await?;
    stream.shutdown().await
}

/// Method and path of a request that is answered. Pure.
fn asked(head: &str) -> Option<(&str, &str)> {
    let mut words = head.lines().next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let path = target.split('?').next().unwrap_or(target);
    matches!(method, "GET" | "HEAD").then_some((method, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_is_answered_and_a_query_is_no_path() {
        for (head, expected) in [
            ("GET /metrics HTTP/1.1\r\n", Some(("GET", "/metrics"))),
            ("HEAD /readyz?x=1 HTTP/1.1\r\n", Some(("HEAD", "/readyz"))),
            ("GET /healthz", Some(("GET", "/healthz"))),
            ("POST /healthz HTTP/1.1\r\n", None),
            ("GET", None),
            ("", None),
        ] {
            assert_eq!(asked(head), expected, "{head}");
        }
    }
}
