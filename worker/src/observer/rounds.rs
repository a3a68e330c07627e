//! When which shop is asked: each once in an interval, spread evenly, sooner when
//! it failed. Pure, except for the dice.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A first failure is asked about again after this, unless the interval is short.
const AGAIN: Duration = Duration::from_secs(5);

/// The shops that are asked.
#[derive(Debug)]
pub struct Rounds {
    interval: Duration,
    places: BTreeMap<String, Place>,
}

#[derive(Debug)]
struct Place {
    due: Instant,
    /// Asked, and not answered yet.
    asked: bool,
}

impl Rounds {
    /// Each shop once in that interval.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            places: BTreeMap::new(),
        }
    }

    /// Time from a first failure to the second question.
    #[must_use]
    pub fn again(&self) -> Duration {
        AGAIN.min(self.interval / 4)
    }

    /// From now on this shop is asked: first within that time.
    pub fn enter(&mut self, store: &str, within: Duration, now: Instant) {
        let due = now + within.mul_f64(rand::random());
        let place = Place { due, asked: false };
        self.places.entry(store.to_owned()).or_insert(place);
    }

    /// It is asked no more.
    pub fn leave(&mut self, store: &str) {
        self.places.remove(store);
    }

    /// Ask it now, rather than in its turn.
    pub fn hasten(&mut self, store: &str, now: Instant) {
        if let Some(place) = self.places.get_mut(store) {
            place.due = place.due.min(now);
        }
    }

    /// The shops to ask now, the longest due first, at most so many; they count
    /// as asked.
    pub fn due(&mut self, room: usize, now: Instant) -> Vec<String> {
        let waiting = self
            .places
            .iter()
            .filter(|(_, place)| !place.asked && place.due <= now);
        let mut waiting: Vec<(Instant, String)> = waiting
            .map(|(store, place)| (place.due, store.clone()))
            .collect();
        waiting.sort_unstable();
        waiting.truncate(room);
        for (_, store) in &waiting {
            if let Some(place) = self.places.get_mut(store) {
                place.asked = true;
            }
        }
        waiting.into_iter().map(|(_, store)| store).collect()
    }

    /// It answered, having failed that often in a row by now.
    pub fn answered(&mut self, store: &str, failures: u32, now: Instant) {
        let after = match failures {
            0 => self.interval.mul_f64(0.9 + 0.2 * rand::random::<f64>()),
            1 => self.again(),
            _ => self.interval / 4,
        };
        if let Some(place) = self.places.get_mut(store) {
            place.asked = false;
            place.due = now + after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn shops_are_spread_over_the_first_interval() {
        let (mut rounds, now) = (Rounds::new(MINUTE), Instant::now());
        for store in 0..600 {
            rounds.enter(&store.to_string(), MINUTE, now);
        }
        let soon = rounds.due(600, now + MINUTE / 10).len();
        assert!((20..120).contains(&soon), "{soon} of 600 in a tenth");
        assert_eq!(rounds.due(600, now + MINUTE).len(), 600 - soon);
    }

    #[test]
    fn a_failure_is_asked_about_sooner() {
        let (mut rounds, now) = (Rounds::new(MINUTE), Instant::now());
        rounds.enter("a", Duration::ZERO, now);
        for (failures, not_before, at_most) in [(0, 54, 67), (1, 4, 6), (2, 14, 16), (9, 14, 16)] {
            rounds.hasten("a", now);
            assert_eq!(rounds.due(9, now), ["a"]);
            assert!(
                rounds.due(9, now + MINUTE * 9).is_empty(),
                "asked once at a time"
            );
            rounds.answered("a", failures, now);
            assert!(
                rounds
                    .due(9, now + Duration::from_secs(not_before))
                    .is_empty()
            );
            assert_eq!(rounds.due(9, now + Duration::from_secs(at_most)), ["a"]);
            rounds.answered("a", failures, now);
        }
    }

    #[test]
    fn the_longest_due_come_first_and_no_more_than_there_is_room_for() {
        let (mut rounds, now) = (Rounds::new(MINUTE), Instant::now());
        for store in ["late", "early"] {
            rounds.enter(store, Duration::ZERO, now);
        }
        rounds.due(9, now);
        rounds.answered("late", 2, now);
        rounds.answered("early", 1, now);
        assert_eq!(rounds.due(1, now + MINUTE), ["early"]);
        rounds.leave("late");
        assert!(rounds.due(9, now + MINUTE).is_empty());
    }
}
