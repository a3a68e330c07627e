//! `GET /stores`

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use shared::contract::observation::Health;
use shared::ids::{StoreId, TenantId};
use shared::plan::Plan;
use shared::store_status::StoreStatus;

use crate::error::ApiError;
use crate::http::cursor::{PageView, page_request};
use crate::http::query::{Query, boolean};
use crate::http::state::AppState;
use crate::paging::PageRequest;
use crate::routes::refusals::{OfList, OfReading};
use crate::routes::stores::new_store;
use crate::routes::view::StoreView;
use crate::stores::list::page;
use crate::stores::list::wanted::{Order, StoreFilter, StorePlace, Wanted};
use crate::stores::{Caller, labels};

/// Characters of a text search at most.
const MAX_TEXT: usize = 100;
/// Labels of a filter at most.
const MAX_LABELS: usize = 5;

/// List stores
///
/// The caller's stores, newest first unless another `sort` is asked for. Deleted
/// ones are left out unless asked for.
#[utoipa::path(
    get, path = "/stores", tag = "stores", operation_id = "listStores",
    params(
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "Items of a page; 50 if left out."),
        ("cursor" = Option<String>, Query, description = "A `next_cursor` or `prev_cursor` of this list, with the same sort and filters."),
        ("sort" = Option<String>, Query, pattern = "^-?(created_at|updated_at|name)$", example = "-updated_at",
            description = "What it is sorted by; with `-` from the greatest to the least. `-created_at` if left out. Not with `q`."),
        ("status" = Option<StoreStatus>, Query, description = "Only stores of this status."),
        ("health" = Option<Health>, Query, description = "Only stores of this health."),
        ("plan" = Option<Plan>, Query, description = "Only stores of this size."),
        ("label" = Option<Vec<String>>, Query, max_items = 5, example = json!(["team:north"]),
            description = "Only stores with this label, `key:value`; given several times, with all of them."),
        ("q" = Option<String>, Query, max_length = 100, example = "teap",
            description = "Only stores of which a word of the name (of its first 8), the id or the host begins so; sorted by that word. Not for Deleted ones."),
        ("include_deleted" = Option<bool>, Query, description = "Deleted stores too."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag`; 304 if the page is that still."),
    ),
    responses(
        (status = 200, description = "A page. With several filters it may hold fewer stores than asked for, \
            even none, and still have a `next_cursor`.", body = PageView<StoreView>, headers(
            ("Link" = String, description = "The pages `first`, `prev` and `next` (RFC 8288)."),
            ("ETag" = String, description = "For `If-None-Match`."))),
        OfReading, OfList,
    ),
)]
pub async fn handle(
    request: HttpRequest,
    state: Data<AppState>,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let mut query = Query::of(&request);
    let (wanted, page_wanted) = read(&mut query, caller.tenant);
    query.finish()?;
    let (wanted, page_wanted) = (&wanted, &page_wanted);
    let page = state
        .db
        .snapshot(async |db| page(db, wanted, page_wanted).await)
        .await
        .map_err(ApiError::of_list)?;
    let page = PageView::of(page, |found| {
        StoreView::of(&found).map(|view| view.seen(&state.pulse))
    })?;
    Ok(page.answer(&request))
}

/// The list that a query asks for, and the page of it.
pub fn read(query: &mut Query, tenant: TenantId) -> (Wanted, PageRequest<StorePlace>) {
    let filter = StoreFilter {
        status: query.take("status", status),
        health: query.take("health", health),
        plan: query.take("plan", new_store::plan),
        labels: query.take_all("label", MAX_LABELS, label),
        text: query.take("q", text),
        include_deleted: query.take("include_deleted", boolean).unwrap_or_default(),
    };
    let sort = query.take("sort", Order::parse);
    let order = match (&filter.text, sort) {
        (None, sort) => sort.unwrap_or(Order::DEFAULT),
        (Some(_), None) => Order::MET,
        (Some(_), Some(_)) => {
            query.complain(
                "sort",
                "must be left out with `q`, which sorts by what it met",
            );
            Order::MET
        }
    };
    if filter.text.is_some() && filter.wants_deleted() {
        query.complain("q", "does not find Deleted stores: ask for them without it");
    }
    let wanted = Wanted {
        tenant,
        filter,
        order,
    };
    let request: PageRequest<StorePlace> = page_request(query, wanted.listing());
    if let Some(cursor) = &request.cursor
        && !cursor.key.fits(order)
    {
        query.complain("cursor", "is not one that this list gave out");
    }
    (wanted, request)
}

/// A status by its name.
///
/// # Errors
/// A sentence with the known ones.
pub fn status(text: &str) -> Result<StoreStatus, String> {
    let all = StoreStatus::ALL.iter();
    StoreStatus::parse(text).ok_or_else(|| one_of(all.map(|status| status.as_str())))
}

fn health(text: &str) -> Result<Health, String> {
    let all = Health::ALL.iter();
    Health::parse(text).ok_or_else(|| one_of(all.map(|health| health.as_str())))
}

fn one_of<'a>(known: impl Iterator<Item = &'a str>) -> String {
    format!(
        "must be one of `{}`",
        known.collect::<Vec<_>>().join("`, `")
    )
}

/// `key:value`; a key holds no colon.
fn label(text: &str) -> Result<(String, String), String> {
    let Some((key, value)) = text.split_once(':') else {
        return Err("must be `key:value`".to_owned());
    };
    labels::key(key).map_err(|wrong| format!("has a key that {wrong}"))?;
    labels::value(value).map_err(|wrong| format!("has a value that {wrong}"))?;
    Ok((key.to_owned(), value.to_owned()))
}

/// What can be searched for: something that stands in a word.
fn text(text: &str) -> Result<String, String> {
    let stands = |letter: char| {
        !(letter.is_ascii_punctuation() || letter.is_whitespace() || letter.is_control())
    };
    if text.chars().count() > MAX_TEXT || text.contains(char::is_control) {
        return Err(format!(
            "must have at most {MAX_TEXT} characters, and no control characters"
        ));
    }
    if !text.contains(stands) {
        return Err("must hold a letter or a digit".to_owned());
    }
    // A host that was pasted: its id is enough.
    let first = text.split('.').next().unwrap_or_default();
    let host = first.parse::<StoreId>().is_ok();
    Ok(if host { first } else { text }.to_owned())
}
