//! What this worker's helm has already held against the cluster's OpenAPI document. That
//! takes helm longer than all the rest, and finds the same for every store that is
//! rendered from the same chart in the same way. The apiserver holds each object against
//! its own kind as strictly whenever it is applied.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many are kept: plans, images and replicas of some charts.
const KEPT: usize = 1000;

/// Shapes of releases that were found to be as the cluster wants them.
#[derive(Debug, Default)]
pub struct Shapes(Mutex<BTreeSet<String>>);

impl Shapes {
    /// Whether that shape needs no other look.
    #[must_use]
    pub fn is_proven(&self, shape: &str) -> bool {
        self.kept().contains(shape)
    }

    /// helm held it against the document, and applied all of it.
    pub fn proven(&self, shape: &str) {
        let mut kept = self.kept();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(shape.to_owned());
    }

    /// It failed, for whatever reason: the cluster may want something else by now.
    pub fn doubted(&self, shape: &str) {
        self.kept().remove(shape);
    }

    fn kept(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // A set is whole between any two of its calls.
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
    fn there_are_never_more_than_are_kept() {
        let shapes = Shapes::default();
        for number in 0..=KEPT {
            shapes.proven(&number.to_string());
        }
        assert_eq!(shapes.kept().len(), 1);
    }
}
