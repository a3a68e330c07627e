//! One file a noun.

pub mod store;
pub mod wait;
