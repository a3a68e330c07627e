//! What this worker's helm has already held against the cluster's OpenAPI document. That
//! takes helm longer than all the rest, and finds the same for every store that is
//! rendered from the same chart in the same way. The apiserver holds each object against
//! its own kind as strictly whenever it is applied.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many are kept: plans, images and replicas of some charts.
const KEPT: usize = 1000;
/// The cluster itself may be another after an upgrade of it.
const PROVEN: Duration = Duration::from_secs(600);

/// Shapes of releases that were found to be as the cluster wants them.
#[derive(Debug, Default)]
pub struct Shapes(Mutex<BTreeMap<String, Instant>>);

impl Shapes {
    /// Whether that shape needs no other look.
    #[must_use]
    pub fn is_proven(&self, shape: &str) -> bool {
        let at = self.kept().get(shape).copied();
        at.is_some_and(|at| at.elapsed() < PROVEN)
    }

    /// helm held it against the document, and applied all of it.
    pub fn proven(&self, shape: &str) {
        let mut kept = self.kept();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.entry(shape.to_owned())
            .and_modify(|at| {
                if at.elapsed() >= PROVEN {
                    *at = Instant::now();
                }
            })
            .or_insert_with(Instant::now);
    }

    /// It failed, for whatever reason: the cluster may want something else by now.
    pub fn doubted(&self, shape: &str) {
        self.kept().remove(shape);
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        // A map is whole between any two of its calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_proven_until_it_fails() {
        let shapes = Shapes::default();
        assert!(!shapes.is_proven("a"));
        shapes.proven("a");
        assert!(shapes.is_proven("a") && !shapes.is_proven("b"));
        shapes.doubted("a");
        assert!(!shapes.is_proven("a"));
    }

    #[test]
    fn a_shape_is_to_be_proven_again_after_its_time() {
        let shapes = Shapes::default();
        let before = Instant::now().checked_sub(PROVEN).unwrap();
        shapes.kept().insert("a".to_owned(), before);
        assert!(!shapes.is_proven("a"));
        shapes.proven("a");
        assert!(shapes.is_proven("a"));
    }

    #[test]
    fn there_are_never_more_than_are_kept() {
        let shapes = Shapes::default();
        for number in 0..=KEPT {
            shapes.proven(&number.to_string());
        }
        assert_eq!(shapes.kept().len(), 1);
    }
}
