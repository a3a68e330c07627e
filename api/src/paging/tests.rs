//! Pages of numbers, and cursors that are none.

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
fn a_page_of_which_nothing_is_left_leads_back() {
    let at = |direction, key| Some(Cursor { direction, key });
    let gone = page(7, 3, at(Direction::Forward, 7));
    assert!(gone.items.is_empty());
    assert_eq!(
        (gone.prev, gone.next),
        (at(Direction::Backward, 7), None),
        "behind the end"
    );
    let gone = page(7, 3, at(Direction::Backward, 1));
    assert!(gone.items.is_empty());
    assert_eq!(
        (gone.prev, gone.next),
        (None, at(Direction::Forward, 1)),
        "before the begin"
    );
    let none = page(0, 3, None);
    assert_eq!((none.prev, none.next), (None, None));
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
