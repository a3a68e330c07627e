//! One who watches: first what the table holds behind their position, then what the
//! feed hands on; the table again when they were too slow for the feed. At most one
//! page of rows is held, however slow they are.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout, timeout_at};

use crate::db::{Database, DbError};
use crate::entity::stream_event::Model;
use crate::stream::Filter;
use crate::stream::feed::Feed;
use crate::stream::rows::{self, Reach};
use crate::stream::seats::Seat;

/// Rows that are read at once.
const PAGE: u64 = 200;

/// Times of a stream.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// A sign of life after so much silence.
    pub heartbeat: Duration,
    /// Who has not taken what it was given for so long is let go.
    pub stall: Duration,
    /// It ends after so long; whoever comes back shows again who they are.
    pub age: Duration,
    /// Go on once all that is there was told.
    pub follow: bool,
}

/// What a stream says next.
#[derive(Debug)]
pub enum Said {
    /// Everything up to that position was told before.
    Begun(i64),
    /// What lay between these positions is not kept any more.
    Gap { after: i64, position: i64 },
    /// Events.
    Events(Vec<Arc<Model>>),
    /// Nothing new up to that position.
    Silence(i64),
}

/// A place in the stream that moves on.
#[derive(Debug)]
pub struct Tail {
    db: Database,
    filter: Filter,
    pace: Pace,
    feed: Feed,
    live: Receiver<Arc<Model>>,
    at: i64,
    /// The table holds nothing that was not told, but what the feed will bring.
    caught_up: bool,
    first: Option<Said>,
    began: Instant,
    handed: Option<Instant>,
    _seat: Seat,
}

impl Tail {
    /// Begin behind a position, or now.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(
        db: &Database,
        feed: &Feed,
        filter: Filter,
        after: Option<i64>,
        pace: Pace,
        seat: Seat,
    ) -> Result<Self, DbError> {
        // First of all: what is committed from here on comes by the feed, or is in
        // the table when it is read.
        let live = feed.follow();
        let reach = db.read(async |db| rows::reach(db).await).await?;
        let (at, first) = start(reach, after);
        Ok(Self {
            db: db.clone(),
            filter,
            pace,
            feed: feed.clone(),
            live,
            at,
            caught_up: false,
            first: Some(first),
            began: Instant::now(),
            handed: None,
            _seat: seat,
        })
    }

    /// The next to be said; `None` at the end.
    pub async fn next(&mut self) -> Option<Said> {
        let is_stalled = self.handed.is_some_and(|at| at.elapsed() > self.pace.stall);
        let is_old = self.began.elapsed() > self.pace.age;
        if is_stalled || is_old || self.feed.closing().is_cancelled() {
            return None;
        }
        let said = match self.first.take() {
            Some(first) => first,
            None => self.news().await?,
        };
        self.handed = Some(Instant::now());
        Some(said)
    }

    async fn news(&mut self) -> Option<Said> {
        let silent_at = Instant::now() + self.pace.heartbeat;
        loop {
            // Others' events may come without a pause.
            if Instant::now() >= silent_at {
                return Some(Said::Silence(self.at));
            }
            if !self.caught_up {
                let mut feed = self.feed.begun();
                // Asked before the table is read.
                let begun = *feed.borrow_and_update();
                let (said, all) = self.catch_up(begun).await?;
                if said.is_some() {
                    return said;
                }
                if all && !self.pace.follow {
                    return None;
                }
                if all && !begun {
                    let closing = self.feed.closing().clone();
                    tokio::select! {
                        _ = timeout_at(silent_at, feed.changed()) => {}
                        () = closing.cancelled() => return None,
                    }
                }
                continue;
            }
            if !self.pace.follow {
                return None;
            }
            let left = silent_at.saturating_duration_since(Instant::now());
            let closing = self.feed.closing().clone();
            let heard = tokio::select! {
                heard = timeout(left, self.live.recv()) => heard,
                () = closing.cancelled() => return None,
            };
            match heard {
                Err(_) => {}
                Ok(Ok(row)) => {
                    if row.position <= self.at {
                        continue;
                    }
                    self.at = row.position;
                    if self.filter.wants(&row) {
                        return Some(Said::Events(vec![row]));
                    }
                }
                Ok(Err(RecvError::Lagged(_))) => {
                    self.live = self.feed.follow();
                    self.caught_up = false;
                }
                Ok(Err(RecvError::Closed)) => return None,
            }
        }
    }

    /// A page of the table, if anything in it is wanted, and whether it was the last.
    /// A database that is away ends the stream: its reader comes back with its position.
    async fn catch_up(&mut self, begun: bool) -> Option<(Option<Said>, bool)> {
        let (filter, at) = (&self.filter, self.at);
        let read = self
            .db
            .read(async |db| rows::after_of(db, filter, at, PAGE).await);
        let page = read.await.ok()?;
        let all = u64::try_from(page.len()).is_ok_and(|rows| rows < PAGE);
        self.caught_up = is_caught_up(begun, all);
        if let Some(last) = page.last() {
            self.at = last.position;
        }
        let wanted: Vec<_> = page
            .into_iter()
            .filter(|row| self.filter.wants(row))
            .map(Arc::new)
            .collect();
        Some(((!wanted.is_empty()).then_some(Said::Events(wanted)), all))
    }
}

/// Whether the feed brings all that the table did not hold. What is committed after
/// the table was read and before the feed knew where it is, it hands to nobody.
fn is_caught_up(begun_before: bool, read_all: bool) -> bool {
    begun_before && read_all
}

/// Where a stream begins, and what is said first.
fn start(reach: Reach, after: Option<i64>) -> (i64, Said) {
    match after {
        None => (reach.head, Said::Begun(reach.head)),
        // All that there is.
        Some(0) => (reach.horizon, Said::Begun(reach.horizon)),
        Some(after) if reach.holds(after) => (after, Said::Begun(after)),
        Some(after) => {
            let position = if after < reach.horizon {
                reach.horizon
            } else {
                reach.head
            };
            (position, Said::Gap { after, position })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_was_read_before_the_feed_began_is_read_again() {
        assert!(is_caught_up(true, true));
        assert!(!is_caught_up(false, true));
        assert!(!is_caught_up(true, false));
    }

    #[test]
    fn a_stream_begins_where_its_reader_was_and_says_what_is_missing() {
        let reach = Reach {
            horizon: 10,
            head: 20,
        };
        let place = |after| match start(reach, after) {
            (at, Said::Begun(begun)) => (at, begun, "begun"),
            (at, Said::Gap { position, .. }) => (at, position, "gap"),
            (_, other) => panic!("{other:?}"),
        };
        assert_eq!(place(None), (20, 20, "begun"));
        assert_eq!(place(Some(0)), (10, 10, "begun"));
        assert_eq!(place(Some(15)), (15, 15, "begun"));
        assert_eq!(place(Some(20)), (20, 20, "begun"));
        assert_eq!(place(Some(3)), (10, 10, "gap"));
        assert_eq!(place(Some(21)), (20, 20, "gap"));
    }
}
