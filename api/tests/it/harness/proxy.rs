//! A TCP proxy before a server, which can be cut and mended: the server is away.

use std::net::SocketAddr;
use std::sync::OnceLock;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Listens on a port of its own and passes everything on while it is whole.
#[derive(Debug)]
pub struct Proxy {
    target: String,
    address: SocketAddr,
    whole: Mutex<Option<Passing>>,
}

#[derive(Debug)]
struct Passing {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Before the server of that URL; cut.
    pub async fn cut_off(url: &str, default_port: u16) -> Self {
        let url = Url::parse(url).unwrap();
        let target = format!(
            "{}:{}",
            url.host_str().unwrap(),
            url.port().unwrap_or(default_port)
        );
        // Bound once to get a port that is free, and let go of.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self {
            target,
            address,
            whole: Mutex::default(),
        }
    }

    /// The URL with the proxy in the server's place.
    pub fn url(&self, url: &str) -> String {
        let mut url = Url::parse(url).unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(self.address.port())).unwrap();
        url.to_string()
    }

    pub async fn mend(&self) {
        let listener = std::net::TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let stop = CancellationToken::new();
        let task = runtime().spawn(accept(listener, self.target.clone(), stop.clone()));
        *self.whole.lock().await = Some(Passing { stop, task });
    }

    pub async fn cut(&self) {
        if let Some(Passing { stop, task }) = self.whole.lock().await.take() {
            stop.cancel();
            task.await.unwrap();
        }
    }
}

/// One for all proxies, so that they pass on what a test's own thread waits for.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().unwrap()
    })
}

async fn accept(listener: std::net::TcpListener, target: String, stop: CancellationToken) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((mut client, _)) = accepted else {
            continue;
        };
        let (target, stop) = (target.clone(), stop.clone());
        tokio::spawn(async move {
            let Ok(mut server) = TcpStream::connect(target).await else {
                return;
            };
            tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => {}
                () = stop.cancelled() => {}
            }
        });
    }
}
