//! A TCP proxy before a server: it passes on, breaks off, swallows, or answers in
//! the server's place with one HTTP status.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What it does with connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Pass,
    /// Closed as soon as they come.
    Refuse,
    /// Taken, and never answered.
    Swallow,
    /// Answered with this status.
    Answer(u16),
}

/// A running proxy; ended when dropped.
#[derive(Debug)]
pub struct Proxy {
    pub address: SocketAddr,
    mode: watch::Sender<Mode>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Before `target`; passing on.
    ///
    /// # Errors
    /// If there is no port.
    pub async fn before(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (mode, modes) = watch::channel(Mode::Pass);
        let task = tokio::spawn(accept(listener, target, modes));
        Ok(Self {
            address,
            mode,
            task,
        })
    }

    /// From now on; connections of before are broken off.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, modes: watch::Receiver<Mode>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let mut modes = modes.clone();
        let mode = *modes.borrow_and_update();
        connections.spawn(async move {
            tokio::select! {
                _ = treat(client, target, mode) => {}
                _ = modes.changed() => {}
            }
        });
    }
}

async fn treat(mut client: TcpStream, target: SocketAddr, mode: Mode) -> std::io::Result<()> {
    match mode {
        Mode::Refuse => {}
        Mode::Swallow => std::future::pending().await,
        Mode::Pass => {
            let mut server = TcpStream::connect(target).await?;
            copy_bidirectional(&mut client, &mut server).await?;
        }
        Mode::Answer(status) => {
            let mut head = vec![0_u8; 64 * 1024];
            let _ = client.read(&mut head).await?;
            let body = format!(
                r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","code":{status},"reason":"{}","message":"a test says so"}}"#,
                if status == 429 {
                    "TooManyRequests"
                } else {
                    "InternalError"
                }
            );
            let answer = format!(
                "HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nRetry-After: 1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            client.write_all(answer.as_bytes()).await?;
            client.shutdown().await?;
        }
    }
    Ok(())
}
