//! `limit` and `cursor` of a list, and the list's answer with its `Link`s
//! (RFC 8288).

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use crate::http::etag;
use crate::http::query::Query;
use crate::paging::{Cursor, DEFAULT_LIMIT, Key, Listing, MAX_LIMIT, Page, PageRequest};

/// Read `limit` and `cursor` of that list.
pub fn page_request<K: Key>(query: &mut Query, listing: Listing) -> PageRequest<K> {
    let limit = query.take("limit", |text| match text.parse::<u64>() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(format!("must be a number from 1 to {MAX_LIMIT}")),
    });
    let cursor = query.take("cursor", |text| Cursor::decode(text, listing));
    PageRequest {
        listing,
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
        let listing = page.listing;
        let cursor = |cursor: Option<Cursor<K>>| cursor.map(|cursor| cursor.encode(listing));
        Ok(Self {
            next_cursor: cursor(page.next),
            prev_cursor: cursor(page.prev),
            items: page.items.into_iter().map(view).collect::<Result<_, E>>()?,
        })
    }
}

impl<T: Serialize> PageView<T> {
    /// Give it to who asked, with the paths of the pages around it.
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let (path, query) = (request.path(), request.query_string());
        let mut links = vec![link(path, query, None, "first")];
        for (cursor, relation) in [(&self.prev_cursor, "prev"), (&self.next_cursor, "next")] {
            let cursor = cursor.as_deref();
            links.extend(cursor.map(|cursor| link(path, query, Some(cursor), relation)));
        }
        etag::answer(request, None, Some(links.join(", ")), self)
    }
}

/// One link: the request's own path with another cursor.
fn link(path: &str, query: &str, cursor: Option<&str>, relation: &str) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor");
    pairs.extend_pairs(kept);
    pairs.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
    let query = pairs.finish();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("<{path}{mark}{query}>; rel=\"{relation}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_filters_and_replaces_the_cursor() {
        for (query, cursor, expected) in [
            ("", None, "</stores>; rel=\"next\""),
            ("", Some("abc"), "</stores?cursor=abc>; rel=\"next\""),
            (
                "cursor=old&label=a%3Ab%20c&limit=2",
                Some("new"),
                "</stores?label=a%3Ab+c&limit=2&cursor=new>; rel=\"next\"",
            ),
            ("cursor=old", None, "</stores>; rel=\"next\""),
        ] {
            assert_eq!(link("/stores", query, cursor, "next"), expected);
        }
    }

    #[test]
    fn nothing_of_a_query_gets_out_of_its_link() {
        let link = link("/stores", "q=%3E%3B%20rel%3D%22x%22%0D%0A", None, "first");
        assert_eq!(
            link,
            "</stores?q=%3E%3B+rel%3D%22x%22%0D%0A>; rel=\"first\""
        );
    }
}
