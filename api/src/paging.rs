//! Keyset pages: a cursor names the row it stands beside and the way to go, so
//! rows that come or go meanwhile neither repeat nor hide others. Pure.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
        let micros = self.at.unix_timestamp_nanos() / 1000;
        format!("{micros}.{}", self.id)
    }

    fn read(text: &str) -> Option<Self> {
        let (micros, id) = text.split_once('.')?;
        let micros: i64 = micros.parse().ok()?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()?;
        if id.is_empty() || id.contains(char::is_control) {
            return None;
        }
        let id = id.parse().ok()?;
        Some(Self { at, id })
    }
}

impl<K: Key> Cursor<K> {
    pub fn encode(&self) -> String {
        let direction = match self.direction {
            Direction::Forward => 'f',
            Direction::Backward => 'b',
        };
        URL_SAFE_NO_PAD.encode(format!("1{direction}{}", self.key.write()))
    }

    pub fn decode(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (direction, key) = if let Some(key) = text.strip_prefix("1f") {
            (Direction::Forward, key)
        } else {
            (Direction::Backward, text.strip_prefix("1b")?)
        };
        Some(Self {
            direction,
            key: K::read(key)?,
        })
    }
}

/// What of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<K> {
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
            next: at(rows.last(), Direction::Forward, more_after),
            prev: at(rows.first(), Direction::Backward, more_before),
            items: rows,
        }
    }
}

impl<T, K> Page<T, K> {
    /// The same page of other items.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U, K> {
        Page {
            items: self.items.into_iter().map(view).collect(),
            next: self.next,
            prev: self.prev,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list 1..=n through pages of `limit`.
    fn page(n: i64, limit: u64, cursor: Option<Cursor<i64>>) -> Page<i64, i64> {
        let request = PageRequest { limit, cursor };
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
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        for text in [
            "",
            "x",
            "!!!",
            &URL_SAFE_NO_PAD.encode("1f"),
            &URL_SAFE_NO_PAD.encode("2f7"),
        ] {
            assert_eq!(Cursor::<i64>::decode(text), None, "{text}");
        }
    }
}
