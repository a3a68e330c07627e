//! `/healthz` and `/readyz`: whether the program lives, and what it misses.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::DbError;
use crate::error::ApiError;
use crate::http::query::Query;
use crate::http::state::AppState;

/// What the program has and misses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether requests can be answered.
    #[schema(example = true)]
    pub ready: bool,
    /// Whether something is missing without which they still are.
    pub degraded: bool,
    /// Each part: `ok`, or what is wrong.
    #[schema(example = "ok")]
    pub postgres: String,
    /// The tables, at this version's state: `ok`, or what is wrong.
    #[schema(example = "ok")]
    pub migrations: String,
    /// Commands on their way to workers: `ok`, or what is wrong.
    #[schema(example = "ok")]
    pub rabbitmq_publisher: String,
    /// Events on their way from workers: `ok`, or what is wrong.
    #[schema(example = "ok")]
    pub rabbitmq_consumer: String,
}

/// Liveness
///
/// The process answers.
#[utoipa::path(
    get, path = "/healthz", tag = "probes", operation_id = "healthz",
    responses((status = 200, description = "Alive.", body = String, content_type = "text/plain", example = "ok\n")),
)]
pub async fn healthz(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Query::of(&request).finish()?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ok\n"))
}

/// Readiness
///
/// Postgres is needed to answer; without RabbitMQ requests are accepted and
/// their work waits.
#[utoipa::path(
    get, path = "/readyz", tag = "probes", operation_id = "readyz",
    responses(
        (status = 200, description = "Ready, perhaps degraded.", body = Readiness),
        (status = 503, description = "Not ready.", body = Readiness),
    ),
)]
pub async fn readyz(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, ApiError> {
    Query::of(&request).finish()?;
    let postgres = state.db.ping().await.is_ok();
    let migrated = state.db.is_migrated();
    let ready = postgres && migrated;
    let (publishing, consuming) = (state.pulse.publishing(), state.pulse.consuming());
    let said = |ok: bool, otherwise: &str| if ok { "ok" } else { otherwise }.to_owned();
    let body = Readiness {
        ready,
        degraded: !(publishing && consuming),
        postgres: said(
            postgres,
            "not reachable: requests are answered with 503 until it is back",
        ),
        migrations: said(migrated, &DbError::NotReady.to_string()),
        rabbitmq_publisher: said(
            publishing,
            "not connected: requests are accepted and wait in the outbox",
        ),
        rabbitmq_consumer: said(
            consuming,
            "not connected: progress is shown once it is back",
        ),
    };
    Ok(if ready {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    })
}
