//! `GET /stores/{id}/pods` and `/logs`: what the cluster says at that moment.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use shared::contract::question::{Ask, Inside, Logs};
use shared::ids::StoreId;

use crate::error::ApiError;
use crate::http::query::{Query, boolean};
use crate::http::state::AppState;
use crate::routes::refusals::OfOne;
use crate::routes::stores::store_id;
use crate::stores::{Caller, inside};

/// Lines of a container: usual, and at most.
const LINES: u32 = 100;
const MOST_LINES: u32 = 1_000;
/// A name of a pod or container at most (RFC 1123).
const NAME: usize = 253;

/// Look inside a store
///
/// Its pods with their containers, its volumes, and what it takes of its plan, as
/// the cluster says at this moment. Empty where there is nothing yet, or no more.
#[utoipa::path(
    get, path = "/stores/{id}/pods", tag = "stores", operation_id = "getStorePods",
    params(("id" = StoreId, Path, description = "The store's id.")),
    responses(
        (status = 200, description = "What is there.", body = Inside),
        OfOne,
    ),
)]
pub async fn pods(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = store_id(&path)?;
    Query::of(&request).finish()?;
    known(&state, &caller, &id).await?;
    let found = inside::look(&state.asker, &id, patience(&state)).await;
    found
        .map(|found| fresh(&found))
        .map_err(ApiError::ClusterSilent)
}

/// Read a store's logs
///
/// The last lines of its containers, without its passwords and keys. For operators:
/// lines may tell of a shop's customers.
#[utoipa::path(
    get, path = "/stores/{id}/logs", tag = "stores", operation_id = "getStoreLogs",
    params(
        ("id" = StoreId, Path, description = "The store's id."),
        ("pod" = Option<String>, Query, min_length = 1, max_length = 253, example = "mysql-0",
            pattern = "^[a-z0-9.-]+$", description = "Of that pod alone."),
        ("container" = Option<String>, Query, min_length = 1, max_length = 253, example = "mysql",
            pattern = "^[a-z0-9.-]+$", description = "Of containers of that name alone."),
        ("lines" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "Lines of each container; 100 if left out."),
        ("previous" = Option<bool>, Query, description = "Of the run before the last start."),
    ),
    responses(
        (status = 200, description = "The lines.", body = Logs),
        OfOne,
    ),
)]
pub async fn logs(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = store_id(&path)?;
    let mut query = Query::of(&request);
    let wanted = Ask::Logs {
        pod: query.take("pod", name),
        container: query.take("container", name),
        lines: query.take("lines", lines).unwrap_or(LINES),
        previous: query.take("previous", boolean).unwrap_or_default(),
    };
    query.finish()?;
    known(&state, &caller, &id).await?;
    let read = inside::read(&state.asker, &id, wanted, patience(&state)).await;
    read.map(|read| fresh(&read))
        .map_err(ApiError::ClusterSilent)
}

async fn known(state: &AppState, caller: &Caller, id: &StoreId) -> Result<(), ApiError> {
    let found = state
        .db
        .snapshot(async |db| inside::known(db, caller, id).await);
    found.await.map_err(|error| ApiError::about(id, error))
}

fn patience(state: &AppState) -> Duration {
    Duration::from_millis(state.settings.http.cluster_timeout_ms)
}

/// Of this moment, and nobody's to keep.
fn fresh<T: Serialize>(said: &T) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .json(said)
}

fn name(text: &str) -> Result<String, String> {
    let is_one = |letter: u8| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || b".-".contains(&letter)
    };
    match text.len() {
        1..=NAME if text.bytes().all(is_one) => Ok(text.to_owned()),
        _ => Err("must be a name of the cluster: small letters, digits, `-` and `.`".to_owned()),
    }
}

fn lines(text: &str) -> Result<u32, String> {
    let wrong = || format!("must be a number from 1 to {MOST_LINES}");
    let number: u32 = text.parse().map_err(|_| wrong())?;
    (1..=MOST_LINES)
        .contains(&number)
        .then_some(number)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_what_a_cluster_has() {
        assert!(name("wordpress-7c9f5d.x").is_ok());
        for wrong in ["", "../x", "A", "a b", &"a".repeat(NAME + 1)] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
        assert_eq!(lines("1000"), Ok(1_000));
        for wrong in ["0", "1001", "-1", "many", "+5000"] {
            assert!(lines(wrong).is_err(), "{wrong}");
        }
    }
}
