//! The way from here to an address, step by step: its name, its port, its page.
//! Names below `localhost` are this machine's (RFC 6761), also where no resolver
//! knows them; browsers hold to that.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use reqwest::Url;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::{Finding, bad, good};
use crate::client::Client;

/// For each step.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a step failed, what to do.
#[derive(Debug)]
pub struct Advice {
    /// Where the name leads nowhere.
    pub name: &'static str,
    /// Where nobody listens.
    pub port: &'static str,
    /// Where somebody listens, and does not answer well.
    pub page: &'static str,
}

/// The steps to a page, up to the first that fails.
pub async fn to_page(url: &str, advice: &Advice) -> Vec<Finding> {
    let mut steps = to_port(url, advice).await;
    if steps.iter().all(|step| step.good) {
        steps.push(match Client::answers(url, PATIENCE).await {
            Ok(()) => good("page", format!("{url} answers")),
            Err(why) => bad("page", format!("{url}: {why}"), advice.page),
        });
    }
    steps
}

/// The steps to whoever listens.
pub async fn to_port(url: &str, advice: &Advice) -> Vec<Finding> {
    let place = Url::parse(url).ok();
    let place = place
        .as_ref()
        .and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
    let Some((host, port)) = place else {
        return vec![bad("name", format!("`{url}` is no address"), advice.name)];
    };
    let (name, address) = resolve(host, port, advice).await;
    let mut steps = vec![name];
    if let Some(address) = address {
        steps.push(match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(_)) => good("port", format!("somebody listens on {address}")),
            Ok(Err(error)) => bad("port", format!("{address}: {error}"), advice.port),
            Err(_) => bad("port", format!("{address}: no answer"), advice.port),
        });
    }
    steps
}

async fn resolve(host: &str, port: u16, advice: &Advice) -> (Finding, Option<SocketAddr>) {
    // An address in brackets stands for itself.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = match timeout(PATIENCE, lookup_host((bare, port))).await {
        Ok(Ok(mut addresses)) => addresses.next(),
        _ => None,
    };
    match found {
        Some(address) => {
            let said = format!("{host} is {}", address.ip());
            (good("name", said), Some(address))
        }
        None if host.ends_with(".localhost") => {
            let said = "browsers take it for this machine, though its resolver does not know it";
            let here = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
            (good("name", format!("{host}: {said}")), Some(here))
        }
        None => (
            bad("name", format!("{host} does not resolve"), advice.name),
            None,
        ),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const ADVICE: Advice = Advice {
        name: "n",
        port: "p",
        page: "s",
    };

    fn told(steps: &[Finding]) -> Vec<(&str, bool, &str)> {
        let of = |step: &Finding| (step.what, step.good, step.next);
        steps.iter().map(of).collect()
    }

    /// One that answers each request with that status.
    async fn serve(status: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut head = [0; 1024];
                // Who only looks whether somebody listens sends nothing.
                if socket.read(&mut head).await.is_ok_and(|read| read > 0) {
                    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
                    socket.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        port
    }

    #[tokio::test]
    async fn the_first_step_that_fails_is_named_with_its_own_advice() {
        shared::telemetry::install_tls_provider();
        let well = serve("200 OK").await;
        let url = format!("http://store-k7q2mx.localhost:{well}/");
        let steps = to_page(&url, &ADVICE).await;
        let all = [("name", true, ""), ("port", true, ""), ("page", true, "")];
        assert_eq!(told(&steps), all, "{steps:?}");

        let ill = serve("502 Bad Gateway").await;
        let steps = to_page(&format!("http://127.0.0.1:{ill}/"), &ADVICE).await;
        assert_eq!(told(&steps)[2], ("page", false, "s"));
        assert!(steps[2].said.contains("502"), "{steps:?}");

        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = free.local_addr().unwrap().port();
        drop(free);
        let steps = to_page(&format!("http://127.0.0.1:{nobody}/"), &ADVICE).await;
        assert_eq!(told(&steps), [("name", true, ""), ("port", false, "p")]);

        let steps = to_page("http://shop.invalid/", &ADVICE).await;
        assert_eq!(told(&steps), [("name", false, "n")]);
    }
}
