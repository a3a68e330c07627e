//! One request is one trace: from the caller's `traceparent` over relay, worker,
//! step and helm to the projector, read back from a collector; also where a worker
//! dies on the way, and where the collector itself goes away.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::faults::collector::{Collector, Seen, tree, way_up};
use crate::faults::ground::Ground;
use crate::faults::numbers;
use crate::faults::own::{Own, Plan};
use crate::faults::patience::until;
use crate::faults::store::Wish;

const PATIENCE: Duration = Duration::from_secs(90);
/// A stop may take no longer for a collector that is away.
const STOP: Duration = Duration::from_secs(12);
/// The span of the caller, whom the collector does not know.
const CALLER: &str = "00f067aa0ba902b7";

/// Tell them all; whether each was so.
///
/// # Errors
/// If the test's own means fail.
pub async fn traced(ground: &Ground) -> Result<bool> {
    let collector = Collector::start().await?;
    let [api, worker] = numbers::addresses(ground.servers.ports);
    let plan = Plan::new(14, 1)
        .with(api.0, api.1)
        .with(worker.0, worker.1)
        .with(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("http://{}", collector.address),
        )
        .with("OTEL_BSP_SCHEDULE_DELAY", 200)
        .with("URUMI_LOG_FORMAT", "json")
        .with("URUMI_LOG", "info,api=debug,sqlx=error,lapin=error");
    let own = ground.platform(&plan).await?;
    let mut failed = 0;
    let mut tell = |what: &str, saw: Result<()>| match saw {
        Ok(()) => println!("ok     trace: {what}"),
        Err(error) => {
            failed += 1;
            println!("FAILED trace: {what}: {error:#}");
        }
    };
    tell(
        "a request, its messages, steps, helm and events are one trace",
        one_trace(&own, &collector).await,
    );
    tell(
        "a delivery that comes again is a new span of the same trace",
        redelivered(&own, &collector).await,
    );
    tell(
        "a cancel is a trace of its own that names the one it ends",
        cancelled(&own, &collector).await,
    );
    tell(
        "both programs tell their numbers, and no store's name",
        numbers::told(&own).await,
    );
    drop(collector);
    tell(
        "a collector that is away holds nothing up",
        without_collector(&own).await,
    );
    ground.clear(own).await?;
    println!("trace: {} passed, {failed} failed, 0 skipped", 5 - failed);
    Ok(failed == 0)
}

async fn one_trace(own: &Own, collector: &Collector) -> Result<()> {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let (id, said) = ask(own, Method::POST, "/stores", trace).await?;
    ensure!(
        said.starts_with(&format!("00-{trace}-")) && !said.contains(CALLER),
        "answered with `{said}`"
    );
    own.until_ended(&id, Wish::Create, PATIENCE).await?;
    let whole = until("the trace is told", PATIENCE, async || {
        let spans = collector.trace(trace);
        is_whole(&spans).then_some(spans)
    })
    .await;
    let spans = collector.trace(trace);
    println!("{}", tree(&spans));
    whole?;
    let lost = spans.iter().find(|span| {
        let root = span.parent == CALLER && span.name == "POST /stores";
        !root && !spans.iter().any(|parent| parent.id == span.parent)
    });
    ensure!(lost.is_none(), "a span without its parent: {lost:?}");
    let job = [
        "job",
        "take store.commands",
        "relay command",
        "POST /stores",
    ];
    for (name, event, way) in [
        ("helm upgrade", "", [&["step Release"][..], &job].concat()),
        (
            "project store.events",
            "StepFinished",
            [&["step Release"][..], &job].concat(),
        ),
        ("project store.events", "Ready", job.to_vec()),
    ] {
        let is = |span: &&Seen| span.name == name && said_in(span, event);
        let ways = spans.iter().filter(is).map(|span| way_up(&spans, span));
        ensure!(
            ways.clone().any(|found| found[1..] == way),
            "{name} {event} leads up by {:?} and not by {way:?}",
            ways.collect::<Vec<_>>()
        );
    }
    for (log, words) in [
        ("api.log", "\"answered\""),
        ("api.log", "an event was taken in"),
        ("worker1.log", "event"),
    ] {
        let text = std::fs::read_to_string(own.folder.join(log))?;
        let named = text.lines().filter(|line| line.contains(words));
        let of = |line: &str| serde_json::from_str::<Value>(line).ok();
        let named = named.filter_map(of).any(|line| line["trace_id"] == trace);
        ensure!(named, "no line of {log} with {words} names the trace");
    }
    Ok(())
}

fn said_in(span: &Seen, event: &str) -> bool {
    event.is_empty()
        || span
            .attributes
            .get("event")
            .is_some_and(|said| said == event)
}

/// Whether all of its parts were told; they come in no order.
fn is_whole(spans: &[Seen]) -> bool {
    let has = |name: &str, event| {
        let mut named = spans.iter().filter(|span| span.name == name);
        named.any(|span| said_in(span, event))
    };
    has("POST /stores", "")
        && has("helm upgrade", "")
        && has("take store.commands", "")
        && has("project store.events", "Ready")
        && spans.iter().all(|span| {
            span.parent == CALLER || spans.iter().any(|parent| parent.id == span.parent)
        })
}

async fn redelivered(own: &Own, collector: &Collector) -> Result<()> {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4737";
    own.fuse.arm("worker.helm.after", "kill")?;
    let (id, _) = ask(own, Method::POST, "/stores", trace).await?;
    own.until_ended(&id, Wish::Create, PATIENCE).await?;
    ensure!(own.fuse.disarm(), "no worker was killed");
    until("the second delivery is told", PATIENCE, async || {
        let spans = collector.trace(trace);
        let again = spans.iter().find(|span| {
            let again = span.attributes.get("redelivered");
            span.name == "take store.commands" && again.is_some_and(|again| again == "true")
        })?;
        let way = way_up(&spans, again);
        (way[1..] == ["relay command", "POST /stores"]).then_some(())
    })
    .await
}

async fn cancelled(own: &Own, collector: &Collector) -> Result<()> {
    let (trace, cancel) = (
        "4bf92f3577b34da6a3ce929d0e0e4738",
        "4bf92f3577b34da6a3ce929d0e0e4739",
    );
    let (id, _) = ask(own, Method::POST, "/stores", trace).await?;
    ask(own, Method::POST, &format!("/stores/{id}/cancel"), cancel).await?;
    until("the cancel is told", PATIENCE, async || {
        let spans = collector.trace(cancel);
        let names = |span: &&Seen| span.links.iter().any(|link| link == trace);
        spans.iter().find(names)?;
        let control = spans
            .iter()
            .find(|span| span.name == "take store.control")?;
        let way = way_up(&spans, control);
        let wanted = ["relay control", "POST /stores/{id}/cancel"];
        (way[1..] == wanted).then_some(())
    })
    .await
}

async fn without_collector(own: &Own) -> Result<()> {
    let trace = "4bf92f3577b34da6a3ce929d0e0e473a";
    let (id, _) = ask(own, Method::POST, "/stores", trace).await?;
    own.until_ended(&id, Wish::Create, PATIENCE).await?;
    let pid = own.api.pid().context("no api")?;
    let begun = Instant::now();
    ensure!(own.api.signal(rustix::process::Signal::TERM), "no api");
    until("the api stops", STOP, async || {
        (own.api.pid() != Some(pid)).then_some(())
    })
    .await?;
    println!("       stopped in {:.1} s", begun.elapsed().as_secs_f64());
    let log = std::fs::read_to_string(own.folder.join("api.log"))?;
    let said = log.matches("spans are lost").count();
    ensure!(said == 1, "the api said {said} times that spans are lost");
    own.until_ready().await
}

/// A request with a caller's trace; the store's id, and the trace of the answer.
async fn ask(own: &Own, method: Method, path: &str, trace: &str) -> Result<(String, String)> {
    let name = format!("traced {}", &trace[28..]);
    let request = own.http.request(method, format!("{}{path}", own.base));
    let request = request.header("traceparent", format!("00-{trace}-{CALLER}-01"));
    let request = if path == "/stores" {
        request.json(&json!({ "name": name }))
    } else {
        request
    };
    let answer = request.send().await?.error_for_status()?;
    let said = answer.headers().get("traceparent").cloned();
    let said = said.context("an answer without a traceparent")?;
    let store: Value = answer.json().await?;
    let id = store["id"].as_str().context("no id")?.to_owned();
    Ok((id, said.to_str()?.to_owned()))
}
