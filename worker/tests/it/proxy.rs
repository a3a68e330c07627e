//! A way to the apiserver that can be halted: connections stay open, and nothing
//! passes.

use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::harness::variable;

pub struct Proxy {
    port: u16,
    open: watch::Sender<bool>,
}

impl Proxy {
    /// A proxy that lets nothing pass yet.
    pub async fn halted() -> Self {
        let kubeconfig = std::fs::read_to_string(variable("TEST_KUBECONFIG")).unwrap();
        let server = kubeconfig
            .lines()
            .find_map(|line| line.split_once("server:"));
        let (_, server) = server.unwrap();
        let server = server.trim().trim_start_matches("https://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = watch::Sender::new(false);
        let may_pass = open.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, may_pass) = (server.clone(), may_pass.clone());
                tokio::spawn(async move {
                    let upstream = TcpStream::connect(server).await.unwrap();
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = upstream.into_split();
                    tokio::join!(
                        pass(from_client, to_server, may_pass.clone()),
                        pass(from_server, to_client, may_pass),
                    );
                });
            }
        });
        Self { port, open }
    }

    /// From now on everything passes, also what has waited.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// The tests' kubeconfig, by this way.
    pub fn kubeconfig(&self, folder: &Path) -> PathBuf {
        let kubeconfig = std::fs::read_to_string(variable("TEST_KUBECONFIG")).unwrap();
        let port = self.port;
        let by_proxy = |line: &str| match line.split_once("server:") {
            Some((before, _)) => format!("{before}server: https://127.0.0.1:{port}"),
            None => line.to_owned(),
        };
        let lines: Vec<String> = kubeconfig.lines().map(by_proxy).collect();
        let path = folder.join("by-proxy");
        std::fs::write(&path, lines.join("\n")).unwrap();
        path
    }
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut may_pass: watch::Receiver<bool>,
) {
    let mut chunk = vec![0_u8; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        let gone = may_pass.wait_for(|open| *open).await.is_err();
        if gone || to.write_all(&chunk[..read]).await.is_err() {
            return;
        }
    }
}
