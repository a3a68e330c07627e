//! The least that answers `GET /stores/{id}` with our JSON from our tables: one
//! prepared statement on one pipelined connection a thread. No rights, no request ids,
//! no ETags, no bounds: what those cost is what the table shows.
//!
//!   bench-api ADDRESS TENANT       `DATABASE_URL` says where

#![allow(clippy::disallowed_methods, reason = "a peer, no part of the product")]

use actix_web::web::{Data, Path};
use actix_web::{App, HttpResponse, HttpServer, error, rt, web};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::{Client, NoTls, Row, Statement};
use uuid::Uuid;

const READ: &str = "
SELECT s.id, s.name, s.status, s.plan, s.admin_email, s.labels, s.deletion_protection, s.host, s.url, s.generation,
    s.wanted_chart, s.wanted_image, s.wanted_replicas, s.safe_spec, s.failure, s.health, s.health_reasons, s.looked_at,
    s.shop, s.chart, s.images, s.revision, s.created_at, s.updated_at, s.ready_at, s.deleted_at,
    o.id, o.kind, o.status, o.generation, o.spec, o.attempt, o.max_attempts, o.failure, o.created_at, o.started_at,
    o.finished_at, o.started_at + make_interval(secs => o.budget_ms / 1000.0),
    t.step, t.attempt, t.run, t.outcome, t.changed, t.started_at, t.finished_at, o.not_before
FROM stores s JOIN operations o ON o.id = s.current_operation_id LEFT JOIN operation_steps t ON t.operation_id = o.id
WHERE s.id = $1 AND s.tenant_id = $2 ORDER BY t.attempt, t.started_at, t.run";

#[derive(Serialize)]
struct Wanted {
    name: Value,
    plan: Value,
    chart: Value,
    image: Value,
    replicas: Value,
}

#[derive(Serialize)]
struct HealthOf {
    status: String,
    reasons: Value,
    #[serde(with = "time::serde::rfc3339::option")]
    looked_at: Option<OffsetDateTime>,
}

#[derive(Serialize)]
struct Store {
    id: String,
    name: String,
    status: String,
    plan: String,
    admin_email: String,
    labels: Value,
    deletion_protection: bool,
    host: String,
    url: String,
    generation: i64,
    wanted: Wanted,
    safe: Option<Wanted>,
    failure: Option<Value>,
    health: HealthOf,
    shop: Option<String>,
    operation: Operation,
    chart: Option<String>,
    images: Value,
    previous: Option<Value>,
    revision: Option<i64>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    ready_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    deleted_at: Option<OffsetDateTime>,
}

#[derive(Serialize)]
struct Operation {
    id: Uuid,
    store_id: String,
    kind: String,
    status: String,
    generation: i64,
    wanted: Option<Wanted>,
    attempt: i32,
    max_attempts: i32,
    failure: Option<Value>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    not_before: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    deadline_at: Option<OffsetDateTime>,
    duration_ms: Option<i64>,
    waiting: Option<Value>,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    step: String,
    attempt: i32,
    run: i32,
    outcome: String,
    changed: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
    duration_ms: Option<i64>,
    waiting: Option<Value>,
}

fn took(from: Option<OffsetDateTime>, to: Option<OffsetDateTime>) -> Option<i64> {
    i64::try_from((to? - from?).whole_milliseconds()).ok()
}

fn wanted(mut spec: Value) -> Wanted {
    let mut field = |name| spec.get_mut(name).map(Value::take).unwrap_or_default();
    Wanted {
        name: field("name"),
        plan: field("plan"),
        chart: field("chart"),
        image: field("image"),
        replicas: field("replicas"),
    }
}

fn step(row: &Row) -> Step {
    let (started_at, finished_at) = (row.get(43), row.get(44));
    Step {
        step: row.get(38),
        attempt: row.get(39),
        run: row.get(40),
        outcome: row.get(41),
        changed: row.get(42),
        started_at,
        finished_at,
        duration_ms: took(started_at, finished_at),
        waiting: None,
    }
}

fn store(rows: &[Row]) -> Option<Store> {
    let row = rows.first()?;
    let (started_at, finished_at) = (row.get(35), row.get(36));
    let id: String = row.get(0);
    let (name, plan): (String, String) = (row.get(1), row.get(3));
    let operation = Operation {
        id: row.get(26),
        store_id: id.clone(),
        kind: row.get(27),
        status: row.get(28),
        generation: row.get(29),
        wanted: row.get::<_, Option<Value>>(30).map(wanted),
        attempt: row.get(31),
        max_attempts: row.get(32),
        failure: row.get(33),
        created_at: row.get(34),
        not_before: row.get(45),
        started_at,
        finished_at,
        deadline_at: row.get(37),
        duration_ms: took(started_at, finished_at),
        waiting: None,
        steps: rows.iter().map(step).collect(),
    };
    Some(Store {
        wanted: Wanted {
            name: name.as_str().into(),
            plan: plan.as_str().into(),
            chart: row.get::<_, Option<String>>(10).into(),
            image: row.get::<_, Option<String>>(11).into(),
            replicas: row.get::<_, Option<i32>>(12).into(),
        },
        id,
        name,
        status: row.get(2),
        plan,
        admin_email: row.get(4),
        labels: row.get(5),
        deletion_protection: row.get(6),
        host: row.get(7),
        url: row.get(8),
        generation: row.get(9),
        safe: row.get::<_, Option<Value>>(13).map(wanted),
        failure: row.get(14),
        health: HealthOf {
            status: row.get(15),
            reasons: row.get(16),
            looked_at: row.get(17),
        },
        shop: row.get(18),
        operation,
        chart: row.get(19),
        images: row.get(20),
        previous: None,
        revision: row.get(21),
        created_at: row.get(22),
        updated_at: row.get(23),
        ready_at: row.get(24),
        deleted_at: row.get(25),
    })
}

struct Database {
    client: Client,
    read: Statement,
    tenant: Uuid,
}

async fn show(db: Data<Database>, id: Path<String>) -> Result<HttpResponse, error::Error> {
    let rows = db.client.query(&db.read, &[&id.as_str(), &db.tenant]).await;
    let rows = rows.map_err(error::ErrorInternalServerError)?;
    let found = store(&rows).ok_or_else(|| error::ErrorNotFound("no such store"))?;
    Ok(HttpResponse::Ok().json(found))
}

async fn connect(url: &str, tenant: Uuid) -> Result<Database, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    rt::spawn(async move {
        let _ = connection.await;
    });
    let read = client.prepare(READ).await?;
    Ok(Database {
        client,
        read,
        tenant,
    })
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(tenant)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("bench-api ADDRESS TENANT");
    };
    let (url, tenant) = (std::env::var("DATABASE_URL")?, tenant.parse()?);
    let server = HttpServer::new(move || {
        let url = url.clone();
        App::new()
            .data_factory(move || {
                let url = url.clone();
                async move {
                    connect(&url, tenant)
                        .await
                        .map_err(|error| eprintln!("{error}"))
                }
            })
            .route("/stores/{id}", web::get().to(show))
    });
    Ok(server.workers(2).bind(address)?.run().await?)
}
