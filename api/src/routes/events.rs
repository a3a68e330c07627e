//! `GET /stores/events`, `GET /stores/{id}/events`: what happens, as it happens.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde_json::json;
use shared::contract::observation::Health;
use shared::ids::StoreId;

use crate::access::Principal;
use crate::error::ApiError;
use crate::http::query::{Query, boolean};
use crate::http::sse;
use crate::http::state::AppState;
use crate::routes::refusals::{OfList, OfOne};
use crate::routes::stores::list::status;
use crate::routes::stores::store_id;
use crate::settings::StreamSettings;
use crate::stores::{Caller, find};
use crate::stream::seats::Full;
use crate::stream::tail::{Pace, Said, Tail};
use crate::stream::view::EventView;
use crate::stream::{Filter, Kind};

/// Watch all stores
///
/// What happens to your stores, as server-sent events: each `data` is an event as
/// in the schema EventView, each `id` its place. Nothing is lost while a client is
/// away for less than a week: it comes back with `Last-Event-ID`.
#[utoipa::path(
    get, path = "/stores/events", tag = "events", operation_id = "streamEvents",
    params(
        ("Last-Event-ID" = Option<i64>, Header, minimum = 0, description = "Only events behind this one; goes before `after`."),
        ("after" = Option<i64>, Query, minimum = 0, description = "Only events behind this one; 0 for all that is kept, from now on if left out."),
        ("type" = Option<String>, Query, description = "Only these types, separated by commas.",
            pattern = r"^(store\.status_changed|store\.health_changed|store\.changed|operation\.changed|operation\.step)(,(store\.status_changed|store\.health_changed|store\.changed|operation\.changed|operation\.step))*$", example = "store.status_changed,operation.step"),
        ("status" = Option<shared::store_status::StoreStatus>, Query, description = "Only events after which the store has this status."),
        ("health" = Option<Health>, Query, description = "Only events after which the store has this health."),
        ("follow" = Option<bool>, Query, description = "`false`: end when all that is there was told."),
    ),
    responses(
        (status = 200, description = "The stream.", body = String, content_type = "text/event-stream",
            headers(("Cache-Control" = String, description = "`no-store`."),
                ("X-Accel-Buffering" = String, description = "`no`: a proxy passes each event on at once.")),
            example = "retry: 2000\nid: 4711\n\n"),
        OfList,
    ),
)]
pub async fn all(
    request: HttpRequest,
    state: Data<AppState>,
    principal: Principal,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let mut query = Query::of(&request);
    let status = query.take("status", status);
    let health = query.take("health", |text| {
        Health::parse(text).ok_or("must be one of `Unknown`, `Healthy`, `Degraded`")
    });
    let (after, kinds, follow) = common(&mut query);
    query.finish()?;
    let filter = Filter {
        tenant: caller.tenant,
        store: None,
        kinds,
        status,
        health,
    };
    let after = sse::last_event_id(&request)?.or(after);
    open(&state, &principal, filter, after, follow).await
}

/// Watch a store
///
/// What happens to one store; as `GET /stores/events` otherwise.
#[utoipa::path(
    get, path = "/stores/{id}/events", tag = "events", operation_id = "streamStoreEvents",
    params(
        ("id" = StoreId, Path, description = "The store's id."),
        ("Last-Event-ID" = Option<i64>, Header, minimum = 0, description = "Only events behind this one; goes before `after`."),
        ("after" = Option<i64>, Query, minimum = 0, description = "Only events behind this one; 0 for all that is kept, from now on if left out."),
        ("type" = Option<String>, Query, description = "Only these types, separated by commas.",
            pattern = r"^(store\.status_changed|store\.health_changed|store\.changed|operation\.changed|operation\.step)(,(store\.status_changed|store\.health_changed|store\.changed|operation\.changed|operation\.step))*$", example = "store.status_changed,operation.step"),
        ("follow" = Option<bool>, Query, description = "`false`: end when all that is there was told."),
    ),
    responses(
        (status = 200, description = "The stream.", body = String, content_type = "text/event-stream",
            headers(("Cache-Control" = String, description = "`no-store`."),
                ("X-Accel-Buffering" = String, description = "`no`: a proxy passes each event on at once.")),
            example = "retry: 2000\nid: 4711\n\n"),
        OfOne,
    ),
)]
pub async fn of_store(
    request: HttpRequest,
    state: Data<AppState>,
    principal: Principal,
    caller: Caller,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = store_id(&path)?;
    let mut query = Query::of(&request);
    let (after, kinds, follow) = common(&mut query);
    query.finish()?;
    let (asked, store) = (&caller, &id);
    state
        .db
        .read(async |db| find::exists(db, asked, store).await)
        .await
        .map_err(|error| ApiError::about(&id, error))?;
    let filter = Filter {
        tenant: caller.tenant,
        store: Some(id),
        kinds,
        status: None,
        health: None,
    };
    let after = sse::last_event_id(&request)?.or(after);
    open(&state, &principal, filter, after, follow).await
}

fn common(query: &mut Query) -> (Option<i64>, Vec<Kind>, bool) {
    let after = query.take("after", sse::position);
    let kinds = query.take("type", |text| {
        text.split(',').map(Kind::parse).collect::<Result<_, _>>()
    });
    let follow = query.take("follow", boolean);
    (after, kinds.unwrap_or_default(), follow.unwrap_or(true))
}

async fn open(
    state: &AppState,
    principal: &Principal,
    filter: Filter,
    after: Option<i64>,
    follow: bool,
) -> Result<HttpResponse, ApiError> {
    let who = format!("{}/{}", principal.tenant, principal.actor);
    let seat = state.seats.take(&who).map_err(|full| match full {
        Full::Caller(limit) => ApiError::TooManyStreams { limit },
        Full::Process(limit) => ApiError::StreamsFull { limit },
    })?;
    let pace = pace(&state.settings.stream, follow);
    let tail = Tail::begin(&state.db, &state.feed, filter, after, pace, seat).await?;
    let body = stream::unfold(tail, |mut tail| async move {
        let said = tail.next().await?;
        Some((Ok::<_, ApiError>(Bytes::from(text(&said))), tail))
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // nginx would keep it back otherwise.
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(body))
}

fn pace(settings: &StreamSettings, follow: bool) -> Pace {
    Pace {
        heartbeat: Duration::from_millis(settings.stream_heartbeat_ms),
        stall: Duration::from_secs(settings.stream_stall_seconds),
        age: Duration::from_secs(settings.stream_max_age_seconds),
        follow,
    }
}

/// What is said, on the wire.
fn text(said: &Said) -> String {
    match said {
        Said::Begun(position) => sse::begin(*position),
        Said::Silence(position) => sse::heartbeat(*position),
        Said::Gap { after, position } => {
            let mut text = sse::begin(*position);
            let missing = json!({ "id": position, "type": "stream.gap", "after": after });
            sse::event(&mut text, *position, "stream.gap", &missing);
            text
        }
        Said::Events(rows) => {
            let mut text = String::new();
            for row in rows.iter().map(Arc::as_ref) {
                sse::event(&mut text, row.position, &row.kind, &EventView::of(row));
            }
            text
        }
    }
}
