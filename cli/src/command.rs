//! One file a noun.

pub mod dead_letter;
pub mod operation;
pub mod store;
pub mod wait;
