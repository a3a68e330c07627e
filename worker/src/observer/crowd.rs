//! Whether most stores fail at once, which is nobody's own fault. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Stores whose last answer is remembered.
const SIZE: usize = 20;
/// Fewer say nothing about the rest.
const FEWEST: usize = 3;
/// Older answers do not count: when one store fails, others are asked at once.
const AGE: Duration = Duration::from_secs(15);

/// The last answers of the stores that were asked last; only of those whose
/// objects are as they should be.
#[derive(Debug, Default)]
pub struct Crowd {
    answers: VecDeque<(String, bool, Instant)>,
}

impl Crowd {
    /// Remember an answer.
    pub fn heard(&mut self, store: &str, serves: bool, now: Instant) {
        self.answers
            .retain(|(before, _, at)| before != store && now.duration_since(*at) < AGE);
        if self.answers.len() == SIZE {
            self.answers.pop_front();
        }
        self.answers.push_back((store.to_owned(), serves, now));
    }

    /// Whether more than half of them fail.
    #[must_use]
    pub fn mostly_fails(&self) -> bool {
        let failing = self.answers.iter().filter(|(_, serves, _)| !serves).count();
        self.answers.len() >= FEWEST && failing * 2 > self.answers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_of_at_least_three_must_fail() {
        for (answers, fails) in [
            ("", false),
            ("a-b-", false),
            ("a-b-c+", true),
            ("a-b-c-", true),
            ("a-b+c+", false),
            ("a-b-c+d+", false),
            // The last answer of each counts.
            ("a-b-c+a+", false),
            ("a-a-a-b+", false),
        ] {
            let now = Instant::now();
            let mut crowd = Crowd::default();
            let letters: Vec<char> = answers.chars().collect();
            for pair in letters.chunks(2) {
                crowd.heard(&pair[0].to_string(), pair[1] == '+', now);
            }
            assert_eq!(crowd.mostly_fails(), fails, "{answers}");
        }
    }

    #[test]
    fn old_answers_are_forgotten_and_so_is_what_is_too_much() {
        let begun = Instant::now();
        let mut crowd = Crowd::default();
        for store in 0..3 {
            crowd.heard(&store.to_string(), false, begun);
        }
        assert!(crowd.mostly_fails());
        crowd.heard("x", true, begun + AGE);
        assert!(!crowd.mostly_fails());
        for store in 0..3 * SIZE {
            crowd.heard(&store.to_string(), false, begun + AGE);
        }
        assert_eq!(crowd.answers.len(), SIZE);
    }
}
