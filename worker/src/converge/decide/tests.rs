//! One row a situation.
