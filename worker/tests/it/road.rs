//! A road to the apiserver that can be cut, and that counts who is on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::harness::variable;

pub struct Road {
    /// A kubeconfig that leads over it.
    pub kubeconfig: String,
    open: watch::Sender<bool>,
    travellers: Arc<AtomicUsize>,
}

impl Road {
    pub async fn build(folder: &std::path::Path, apiserver: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ours = format!("https://{}", listener.local_addr().unwrap());
        let theirs = url::Url::parse(apiserver).unwrap();
        let target = theirs.socket_addrs(|| None).unwrap()[0];
        let text = std::fs::read_to_string(variable("TEST_KUBECONFIG")).unwrap();
        let path = folder.join("kubeconfig");
        let theirs = apiserver.trim_end_matches('/');
        std::fs::write(&path, text.replace(theirs, &ours)).unwrap();
        let (open, seen) = watch::channel(true);
        let travellers = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&travellers);
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let (counted, mut seen) = (Arc::clone(&counted), seen.clone());
                if *seen.borrow_and_update() {
                    tokio::spawn(async move {
                        counted.fetch_add(1, Ordering::Relaxed);
                        tokio::select! {
                            () = travel(from, target) => {}
                            _ = seen.wait_for(|open| !open) => {}
                        }
                        counted.fetch_sub(1, Ordering::Relaxed);
                    });
                }
            }
        });
        Self {
            kubeconfig: path.display().to_string(),
            open,
            travellers,
        }
    }

    /// Everybody on it falls off, and nobody gets on.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    pub fn mend(&self) {
        self.open.send_replace(true);
    }

    /// Connections open now. A watch has one to itself.
    pub fn travellers(&self) -> usize {
        self.travellers.load(Ordering::Relaxed)
    }
}

async fn travel(mut from: TcpStream, target: std::net::SocketAddr) {
    if let Ok(mut to) = TcpStream::connect(target).await {
        // However it ends, it has ended.
        let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
    }
}
