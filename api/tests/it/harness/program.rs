//! The api as a process of its own, which a test may kill.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use super::servers::Servers;

/// The program itself, on a port that stays the same.
pub struct Program {
    port: u16,
    path: PathBuf,
    pub servers: Arc<Servers>,
    running: Mutex<Option<Child>>,
}

impl Program {
    /// Started, on servers of its own.
    pub async fn running(name: &str) -> Self {
        let servers = Arc::new(Servers::prepare(name).await);
        Self::on(&servers, Path::new(env!("CARGO_BIN_EXE_urumi-api")))
    }

    /// Another build of it, started on servers that are there.
    pub fn on(servers: &Arc<Servers>, path: &Path) -> Self {
        let program = Self {
            port: free_port(),
            path: path.to_owned(),
            servers: Arc::clone(servers),
            running: Mutex::default(),
        };
        program.start();
        program
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the program itself, to be killed"
    )]
    pub fn start(&self) {
        let mut command = Command::new(&self.path);
        let child = command
            .arg("serve")
            .env_clear()
            .env("DATABASE_URL", &self.servers.database_url)
            .env("AMQP_URL", &self.servers.amqp_url)
            .env("URUMI_LISTEN", format!("127.0.0.1:{}", self.port))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        *self.running.lock().unwrap() = Some(child);
    }

    pub fn kill(&self) {
        if let Some(mut child) = self.running.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn connect(&self) -> TcpStream {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Below the ports that clients are given: one that tries to connect while nobody
/// listens could be given the very port, and be connected with itself.
fn free_port() -> u16 {
    static ASKED: AtomicU16 = AtomicU16::new(0);
    // No two of one process begin at the same port.
    let asked = ASKED.fetch_add(1, Ordering::Relaxed);
    let first = 12_000 + u16::try_from(std::process::id() % 8_000).unwrap() + asked;
    let mut ports = (first..first + 8_000).step_by(7);
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    ports.find(is_free).unwrap()
}
