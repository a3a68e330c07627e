//! `limit` and `cursor` of a list, and the list's answer.

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::query::Query;
use crate::paging::{Cursor, DEFAULT_LIMIT, Key, MAX_LIMIT, Page, PageRequest};

/// Read `limit` and `cursor`.
pub fn page_request<K: Key>(query: &mut Query) -> PageRequest<K> {
    let limit = query.take("limit", |text| match text.parse::<u64>() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(format!("must be a number from 1 to {MAX_LIMIT}")),
    });
    let cursor = query.take("cursor", |text| {
        Cursor::decode(text).ok_or("is not one that this list gave out")
    });
    PageRequest {
        limit: limit.unwrap_or(DEFAULT_LIMIT),
        cursor,
    }
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PageView<T> {
    /// The page.
    pub items: Vec<T>,
    /// Give it as `cursor` for the page after; null on the last one.
    pub next_cursor: Option<String>,
    /// Give it as `cursor` for the page before; null on the first one.
    pub prev_cursor: Option<String>,
}

impl<T> PageView<T> {
    /// The answer for a page.
    ///
    /// # Errors
    /// The first of a row that cannot be shown.
    pub fn of<R, K: Key, E>(
        page: Page<R, K>,
        view: impl FnMut(R) -> Result<T, E>,
    ) -> Result<Self, E> {
        Ok(Self {
            next_cursor: page.next.as_ref().map(Cursor::encode),
            prev_cursor: page.prev.as_ref().map(Cursor::encode),
            items: page.items.into_iter().map(view).collect::<Result<_, E>>()?,
        })
    }
}
