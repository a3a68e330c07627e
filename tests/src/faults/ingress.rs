//! An ingress controller for simulated nodes: a real HTTP server that answers for
//! a host, as WordPress would, exactly while the Service behind the Ingress of
//! that host has a ready pod. It follows Ingresses and `EndpointSlices` by watches,
//! as a real one does.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use futures_util::{Stream, StreamExt as _};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::Ingress;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::{WatchStreamExt as _, reflector, watcher};
use kube::{Api, Client, ResourceExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The label that names an `EndpointSlice`'s Service.
const SERVICE: &str = "kubernetes.io/service-name";

/// What the server knows of the cluster.
#[derive(Debug, Clone)]
struct Routes {
    ingresses: Store<Ingress>,
    slices: Store<EndpointSlice>,
}

/// The running server; ended when dropped.
#[derive(Debug)]
pub struct IngressStub {
    pub address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl IngressStub {
    /// Follow the cluster and answer.
    ///
    /// # Errors
    /// If the cluster cannot be followed.
    pub async fn start(client: Client) -> Result<Self> {
        let mut tasks = JoinSet::new();
        let (ingresses, writer) = reflector::store();
        let api = Api::<Ingress>::all(client.clone());
        let watch = watcher(api, watcher::Config::default());
        tasks.spawn(follow(reflector(writer, watch.default_backoff())));
        let (slices, writer) = reflector::store();
        let api = Api::<EndpointSlice>::all(client);
        let watch = watcher(api, watcher::Config::default());
        tasks.spawn(follow(reflector(writer, watch.default_backoff())));
        ingresses.wait_until_ready().await?;
        slices.wait_until_ready().await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tasks.spawn(serve(listener, Routes { ingresses, slices }));
        Ok(Self {
            address,
            _tasks: tasks,
        })
    }
}

/// The ingress for programs that somebody else starts: its address in that file, until
/// this process is ended.
///
/// # Errors
/// If the cluster cannot be followed, or the file not be written.
pub async fn alone(to: &Path) -> Result<()> {
    let kubeconfig = std::env::var("TEST_KUBECONFIG").context("TEST_KUBECONFIG is not set")?;
    let client = crate::faults::ground::client_of(&kubeconfig).await?;
    let stub = IngressStub::start(client).await?;
    let half = to.with_extension("half");
    std::fs::write(&half, stub.address.to_string())?;
    std::fs::rename(&half, to)?;
    std::future::pending().await
}

async fn follow<T>(events: impl Stream<Item = Result<T, watcher::Error>>) {
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.next().await {
        if let Err(error) = event {
            eprintln!("ingress: {error}");
        }
    }
}

async fn serve(listener: TcpListener, routes: Routes) {
    let mut answers = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while answers.try_join_next().is_some() {}
        let routes = routes.clone();
        answers.spawn(async move {
            let _ = answer(stream, &routes).await;
        });
    }
}

async fn answer(mut stream: TcpStream, routes: &Routes) -> Result<()> {
    let mut head = Vec::new();
    let mut chunk = [0_u8; 2048];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < 16 * 1024 {
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            break;
        }
        head.extend_from_slice(&chunk[..read]);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split_whitespace().nth(1).unwrap_or("/");
    let host = head
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("host").then(|| value.trim())
        })
        .context("no Host")?;
    let host = host.split(':').next().unwrap_or_default();
    let (status, body) = page(routes.state(host), path);
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(())
}

/// What stands behind a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    NoIngress,
    NoPod,
    Shop,
}

impl Routes {
    fn state(&self, host: &str) -> Behind {
        let Some((namespace, service)) = self.service_of(host) else {
            return Behind::NoIngress;
        };
        let ready = self.slices.state().iter().any(|slice| {
            slice.namespace().as_deref() == Some(namespace.as_str())
                && slice.labels().get(SERVICE) == Some(&service)
                && slice.endpoints.iter().any(|endpoint| {
                    let conditions = endpoint.conditions.as_ref();
                    conditions.and_then(|conditions| conditions.ready) == Some(true)
                })
        });
        if ready { Behind::Shop } else { Behind::NoPod }
    }

    fn service_of(&self, host: &str) -> Option<(String, String)> {
        self.ingresses.state().iter().find_map(|ingress| {
            let rules = ingress.spec.as_ref()?.rules.as_ref()?;
            let rule = rules
                .iter()
                .find(|rule| rule.host.as_deref() == Some(host))?;
            let path = rule.http.as_ref()?.paths.first()?;
            let service = path.backend.service.as_ref()?.name.clone();
            Some((ObjectRef::from_obj(ingress.as_ref()).namespace?, service))
        })
    }
}

fn page(behind: Behind, path: &str) -> (&'static str, &'static str) {
    match (behind, path) {
        (Behind::NoIngress, _) => ("404 Not Found", "404 page not found"),
        (Behind::NoPod, _) => ("503 Service Unavailable", "no available server"),
        (Behind::Shop, "/") => (
            "200 OK",
            "<html><head><link href='/wp-content/themes/shop/style.css'></head></html>",
        ),
        (Behind::Shop, "/wp-login.php") => ("200 OK", "<form id=\"loginform\"></form>"),
        (Behind::Shop, _) => ("404 Not Found", "404"),
    }
}
