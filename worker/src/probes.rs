//! `/healthz` and `/readyz`. Two fixed answers need no web framework: this reads
//! the request line, answers and closes. It serves nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// A client that says nothing is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// A request line of ours is far shorter.
const LINE: usize = 1024;

/// Answer until told to stop. Ready while commands are being taken.
pub async fn serve(listener: TcpListener, connected: Arc<AtomicBool>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let ready = connected.load(Ordering::Relaxed);
                tokio::spawn(async move {
                    // Whoever hangs up early gets no answer, and needs none.
                    let _ = tokio::time::timeout(PATIENCE, answer(stream, ready)).await;
                });
            }
            Err(error) => tracing::debug!(%error, "a probe's connection was not accepted"),
        }
    }
}

async fn answer(mut stream: TcpStream, ready: bool) -> std::io::Result<()> {
    let mut line = [0_u8; LINE];
    let mut read = 0;
    while read < LINE && !line[..read].contains(&b'\n') {
        match stream.read(&mut line[read..]).await? {
            0 => break,
            more => read += more,
        }
    }
    let text = String::from_utf8_lossy(&line[..read]);
    stream.write_all(reply(&text, ready).as_bytes()).await?;
    stream.shutdown().await
}

/// The whole answer to a request. Pure.
fn reply(request: &str, ready: bool) -> String {
    let mut words = request.split(' ');
    let (status, body) = match (words.next(), words.next()) {
        (Some("GET" | "HEAD"), Some("/healthz")) => ("200 OK", "ok\n"),
        (Some("GET" | "HEAD"), Some("/readyz")) if ready => ("200 OK", "ready\n"),
        (Some("GET" | "HEAD"), Some("/readyz")) => {
            ("503 Service Unavailable", "RabbitMQ is away\n")
        }
        _ => ("404 Not Found", "there are /healthz and /readyz\n"),
    };
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_its_answer() {
        for (request, ready, status) in [
            ("GET /healthz HTTP/1.1\r\n", false, "200"),
            ("GET /readyz HTTP/1.1\r\n", true, "200"),
            ("GET /readyz HTTP/1.1\r\n", false, "503"),
            ("GET / HTTP/1.1\r\n", true, "404"),
            ("POST /healthz HTTP/1.1\r\n", true, "404"),
            ("", true, "404"),
        ] {
            let reply = reply(request, ready);
            assert_eq!(reply.split(' ').nth(1), Some(status), "{request}");
        }
    }
}
