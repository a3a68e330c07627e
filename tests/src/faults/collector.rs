//! A trace collector: a real HTTP server that takes OTLP (protobuf) and keeps every
//! span it was given, and the shape of a trace read from it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A span as it was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub service: String,
    pub trace: String,
    pub id: String,
    /// Empty for a root.
    pub parent: String,
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    /// The traces that it names besides its own.
    pub links: Vec<String>,
    /// Nanoseconds since 1970.
    pub from: u64,
    pub until: u64,
}

/// The running server; ended when dropped.
#[derive(Debug)]
pub struct Collector {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _server: JoinSet<()>,
}

impl Collector {
    /// # Errors
    /// If no port is free.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let mut server = JoinSet::new();
        server.spawn(serve(listener, Arc::clone(&seen)));
        Ok(Self {
            address,
            seen,
            _server: server,
        })
    }

    /// What was told of a trace, in the order of its beginnings.
    #[must_use]
    pub fn trace(&self, trace: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<Seen> = seen.iter().filter(|s| s.trace == trace).cloned().collect();
        found.sort_by_key(|span| span.from);
        found
    }
}

async fn serve(listener: TcpListener, seen: Arc<Mutex<Vec<Seen>>>) {
    let mut answers = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while answers.try_join_next().is_some() {}
        let seen = Arc::clone(&seen);
        answers.spawn(async move {
            if let Err(error) = answer(stream, &seen).await {
                println!("FAILED the collector was told nonsense: {error:#}");
            }
        });
    }
}

/// One request a connection.
async fn answer(mut stream: TcpStream, seen: &Mutex<Vec<Seen>>) -> Result<()> {
    let mut told = Vec::new();
    let mut chunk = vec![0_u8; 16 * 1024];
    let (head, body) = loop {
        let read = stream.read(&mut chunk).await?;
        if read == 0 && told.is_empty() {
            return Ok(());
        }
        anyhow::ensure!(read > 0, "the exporter hung up");
        told.extend_from_slice(&chunk[..read]);
        let Some(end) = told.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&told[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|l| l.strip_prefix("content-length:"));
        let length: usize = length.context("no length")?.trim().parse()?;
        if told.len() >= end + 4 + length {
            break (head, told[end + 4..end + 4 + length].to_vec());
        }
    };
    anyhow::ensure!(head.starts_with("post /v1/traces "), "not OTLP: {head}");
    anyhow::ensure!(
        head.contains("application/x-protobuf"),
        "not protobuf: {head}"
    );
    let request = ExportTraceServiceRequest::decode(body.as_slice())?;
    seen.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(spans(&request));
    let yes = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    stream.write_all(yes).await?;
    stream.shutdown().await?;
    Ok(())
}

fn spans(request: &ExportTraceServiceRequest) -> Vec<Seen> {
    let mut found = Vec::new();
    for part in &request.resource_spans {
        let resource = part.resource.as_ref();
        let service = resource.map(|r| named(&r.attributes)).unwrap_or_default();
        let service = service.get("service.name").cloned().unwrap_or_default();
        for span in part.scope_spans.iter().flat_map(|scope| &scope.spans) {
            found.push(seen(&service, span));
        }
    }
    found
}

fn seen(service: &str, span: &Span) -> Seen {
    Seen {
        service: service.to_owned(),
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        name: span.name.clone(),
        attributes: named(&span.attributes),
        links: span.links.iter().map(|link| hex(&link.trace_id)).collect(),
        from: span.start_time_unix_nano,
        until: span.end_time_unix_nano,
    }
}

fn named(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |pair: &KeyValue| match pair.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::BoolValue(yes) => Some(yes.to_string()),
        Value::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    };
    let pairs = attributes.iter();
    pairs
        .filter_map(|pair| Some((pair.key.clone(), text(pair)?)))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Cannot fail: writing to a string never does.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The way from a span up to its trace's root, names only, the span first. Ends
/// early where a parent was never told.
#[must_use]
pub fn way_up<'a>(trace: &'a [Seen], from: &'a Seen) -> Vec<&'a str> {
    let mut way = vec![from.name.as_str()];
    let mut here = from;
    while let Some(parent) = trace.iter().find(|span| span.id == here.parent) {
        way.push(&parent.name);
        here = parent;
        if way.len() > trace.len() {
            break;
        }
    }
    way
}

/// The trace as a tree, with what each span took.
#[must_use]
pub fn tree(trace: &[Seen]) -> String {
    let known = |id: &str| trace.iter().any(|span| span.id == id);
    let mut text = String::new();
    for root in trace.iter().filter(|span| !known(&span.parent)) {
        branch(trace, root, 0, &mut text);
    }
    text
}

fn branch(trace: &[Seen], span: &Seen, depth: usize, text: &mut String) {
    let took = span.until.saturating_sub(span.from) / 1_000;
    let took = format!("{}.{:03} ms", took / 1_000, took % 1_000);
    let more = ["event", "redelivered", "process.exit.code"];
    let more = more.iter().filter_map(|name| span.attributes.get(*name));
    let more: Vec<&str> = more.map(String::as_str).collect();
    let indent = "  ".repeat(depth);
    let _ = writeln!(
        text,
        "{took:>15}  {:12} {indent}{} {}",
        span.service,
        span.name,
        more.join(" ")
    );
    for child in trace.iter().filter(|child| child.parent == span.id) {
        branch(trace, child, depth + 1, text);
    }
}
