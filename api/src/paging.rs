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
        Self {
            listing: request.listing,
            next: at(rows.last(), Direction::Forward, more_after),
            prev: at(rows.first(), Direction::Backward, more_before),
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
                let begun = request.cursor.as_ref();
                self.prev = self.prev.or(begun.map(|_| at(Direction::Backward)));
            }
            Direction::Backward => {
                self.prev = Some(at(Direction::Backward));
                self.next = self.next.or(Some(at(Direction::Forward)));
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
mod tests {
    use super::*;

    fn numbers() -> Listing {
        Listing::of(&["numbers"])
    }

    /// The list 1..=n through pages of `limit`.
    fn page(n: i64, limit: u64, cursor: Option<Cursor<i64>>) -> Page<i64, i64> {
        let request = PageRequest {
            listing: numbers(),
            limit,
            cursor,
        };
        let take = usize::try_from(limit).unwrap() + 1;
        let rows = match &request.cursor {
            None => (1..=n).take(take).collect(),
            Some(Cursor {
                direction: Direction::Forward,
                key,
            }) => (key + 1..=n).take(take).collect(),
            Some(Cursor {
                direction: Direction::Backward,
                key,
            }) => (1..*key).rev().take(take).collect(),
        };
        Page::new(rows, &request, |row| *row)
    }

    #[test]
    fn pages_forward_and_back_show_every_row_once() {
        let first = page(7, 3, None);
        assert_eq!(
            (first.items.as_slice(), &first.prev),
            (&[1, 2, 3][..], &None)
        );
        let second = page(7, 3, first.next);
        assert_eq!(second.items, [4, 5, 6]);
        let third = page(7, 3, second.next);
        assert_eq!((third.items.as_slice(), &third.next), (&[7][..], &None));
        let back = page(7, 3, third.prev);
        assert_eq!(back.items, [4, 5, 6]);
        let front = page(7, 3, back.prev);
        assert_eq!(
            (front.items.as_slice(), &front.prev),
            (&[1, 2, 3][..], &None)
        );
    }

    #[test]
    fn a_cursor_is_read_back_and_anything_else_is_refused() {
        let cursor = Cursor {
            direction: Direction::Backward,
            key: -7_i64,
        };
        let given = cursor.encode(numbers());
        assert_eq!(Cursor::decode(&given, numbers()), Ok(cursor));
        let digest = "0".repeat(16);
        for text in [
            "",
            "x",
            "!!!",
            &URL_SAFE_NO_PAD.encode("2f"),
            &URL_SAFE_NO_PAD.encode("1f7"),
            &URL_SAFE_NO_PAD.encode("2f.7"),
        ] {
            let read = Cursor::<i64>::decode(text, numbers());
            assert_eq!(read, Err(InvalidCursor::Broken), "{text}");
        }
        let forged = URL_SAFE_NO_PAD.encode(format!("2f{:016x}.seven", numbers().0));
        let read = Cursor::<i64>::decode(&forged, numbers());
        assert_eq!(read, Err(InvalidCursor::Broken));
        let foreign = URL_SAFE_NO_PAD.encode(format!("2f{digest}.7"));
        let read = Cursor::<i64>::decode(&foreign, numbers());
        assert_eq!(read, Err(InvalidCursor::Foreign));
    }

    #[test]
    fn a_listing_is_told_by_each_of_its_parts() {
        let one = Listing::of(&["stores", "ab", "c"]);
        assert_eq!(one, Listing::of(&["stores", "ab", "c"]));
        for other in [
            &["stores", "a", "bc"][..],
            &["stores", "ab"],
            &["ab", "stores", "c"],
        ] {
            assert_ne!(one, Listing::of(other));
        }
    }

    #[test]
    fn moments_that_no_record_can_have_are_refused() {
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::microseconds(1_790_000_000_123_456);
        assert_eq!(read_moment(&write_moment(at)), Some(at));
        for text in ["", "-1", "x", "99999999999999999999", "999999999999999999"] {
            assert_eq!(read_moment(text), None, "{text}");
        }
    }
}
