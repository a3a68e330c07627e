//! Keyset pages: a cursor names the row it stands beside and the way to go, so
//! rows that come or go meanwhile neither repeat nor hide others. It belongs to one
//! list with one sort and one filter. Pure.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

/// Rows of a page unless asked otherwise.
pub const DEFAULT_LIMIT: u64 = 50;
/// Rows of a page at most.
pub const MAX_LIMIT: u64 = 200;

/// Which way a cursor leads, in the list's own order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

/// The list that a cursor belongs to: whose, how sorted, and of what. A digest, so
/// that a cursor stays short; it keeps nobody out, the queries do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing(u64);

impl Listing {
    /// The list that all of this makes what it is.
    pub fn of(parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.len().to_be_bytes());
            digest.update(part.as_bytes());
        }
        let first = digest.finalize().into_iter().take(8);
        Self(first.fold(0, |number, byte| (number << 8) | u64::from(byte)))
    }
}

/// Why a text is no cursor of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCursor {
    /// Nobody gave it out.
    #[error("is not one that this list gave out; leave it out for the first page")]
    Broken,
    /// It is of another list, or of this one sorted or filtered otherwise.
    #[error(
        "belongs to a list with another sort or other filters; leave it out for the first page"
    )]
    Foreign,
}

/// A place in a list; opaque outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor<K> {
    pub direction: Direction,
    pub key: K,
}

/// A row's place in its list.
pub trait Key: Sized + Clone {
    fn write(&self) -> String;
    fn read(text: &str) -> Option<Self>;
}

impl Key for i64 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// A place in a list that is sorted by a moment, and by an id where moments are
/// the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<I> {
    pub at: OffsetDateTime,
    pub id: I,
}

impl<I: Clone + Display + FromStr> Key for Place<I> {
    fn write(&self) -> String {
        format!("{}.{}", write_moment(self.at), self.id)
    }

    fn read(text: &str) -> Option<Self> {
        let (micros, id) = text.split_once('.')?;
        let at = read_moment(micros)?;
        if id.is_empty() || id.contains(char::is_control) {
            return None;
        }
        let id = id.parse().ok()?;
        Some(Self { at, id })
    }
}

/// A moment as Postgres keeps it: microseconds.
pub fn write_moment(at: OffsetDateTime) -> String {
    (at.unix_timestamp_nanos() / 1000).to_string()
}

/// Such a moment, if it is one that a record can have.
pub fn read_moment(text: &str) -> Option<OffsetDateTime> {
    let micros: u64 = text.parse().ok()?;
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()
}

impl<K: Key> Cursor<K> {
    pub fn encode(&self, listing: Listing) -> String {
        let direction = match self.direction {
            Direction::Forward => 'f',
            Direction::Backward => 'b',
        };
        let key = self.key.write();
        URL_SAFE_NO_PAD.encode(format!("2{direction}{:016x}.{key}", listing.0))
    }

    /// # Errors
    /// [`InvalidCursor`].
    pub fn decode(text: &str, listing: Listing) -> Result<Self, InvalidCursor> {
        let (of, cursor) = Self::read(text).ok_or(InvalidCursor::Broken)?;
        if of == listing {
            cursor.ok_or(InvalidCursor::Broken)
        } else {
            Err(InvalidCursor::Foreign)
        }
    }

    /// The list that it names, and, if that list's places are such, the place.
    fn read(text: &str) -> Option<(Listing, Option<Self>)> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (direction, rest) = if let Some(rest) = text.strip_prefix("2f") {
            (Direction::Forward, rest)
        } else {
            (Direction::Backward, text.strip_prefix("2b")?)
        };
        let (of, key) = rest.split_once('.')?;
        let of = u64::from_str_radix(of, 16).ok()?;
        let cursor = K::read(key).map(|key| Self { direction, key });
        Some((Listing(of), cursor))
    }
}

/// What of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<K> {
    pub listing: Listing,
    pub limit: u64,
    pub cursor: Option<Cursor<K>>,
}

impl<K> PageRequest<K> {
    pub fn direction(&self) -> Direction {
        self.cursor
            .as_ref()
            .map_or(Direction::Forward, |cursor| cursor.direction)
    }
}

/// A page, in the list's own order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    pub listing: Listing,
    pub items: Vec<T>,
    pub next: Option<Cursor<K>>,
    pub prev: Option<Cursor<K>>,
}

impl<T, K: Clone> Page<T, K> {
    /// From up to `limit + 1` rows, read in the request's direction.
    pub fn new(mut rows: Vec<T>, request: &PageRequest<K>, key: impl Fn(&T) -> K) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let (more_after, more_before) = match request.direction() {
            Direction::Forward => (more, request.cursor.is_some()),
            Direction::Backward => (true, more),
        };
        if request.direction() == Direction::Backward {
            rows.reverse();
        }
        let at = |row: Option<&T>, direction, wanted: bool| {
            row.filter(|_| wanted).map(|row| Cursor {
                direction,
                key: key(row),
            })
        };
        // Where nothing is left, the request's own place leads back.
        let back = |direction| {
            let begun = request.cursor.as_ref()?;
            let turns = rows.is_empty() && begun.direction != direction;
            turns.then(|| Cursor {
                direction,
                key: begun.key.clone(),
            })
        };
        let next = at(rows.last(), Direction::Forward, more_after);
        let prev = at(rows.first(), Direction::Backward, more_before);
        Self {
            listing: request.listing,
            next: next.or_else(|| back(Direction::Forward)),
            prev: prev.or_else(|| back(Direction::Backward)),
            items: rows,
        }
    }
}

impl<T, K: Clone> Page<T, K> {
    /// The same page, of which the look ended at that place, before the list did:
    /// there it goes on, though the page is short or empty.
    #[must_use]
    pub fn ending_at(mut self, end: K, request: &PageRequest<K>) -> Self {
        let at = |direction| Cursor {
            direction,
            key: end.clone(),
        };
        match request.direction() {
            Direction::Forward => {
                self.next = Some(at(Direction::Forward));
                if self.items.is_empty() && request.cursor.is_some() {
                    self.prev = Some(at(Direction::Backward));
                }
            }
            Direction::Backward => {
                self.prev = Some(at(Direction::Backward));
                if self.items.is_empty() {
                    self.next = Some(at(Direction::Forward));
                }
            }
        }
        self
    }
}

impl<T, K> Page<T, K> {
    /// The same page of other items.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U, K> {
        Page {
            listing: self.listing,
            items: self.items.into_iter().map(view).collect(),
            next: self.next,
            prev: self.prev,
        }
    }
}

#[cfg(test)]
mod tests;
