//! One file for each path or group of paths. Routes know HTTP and no SQL.

pub mod audit;
pub mod dead_letters;
pub mod docs;
pub mod operations;
pub mod probes;
pub mod reconciliation;
pub mod refusals;
pub mod stores;
pub mod view;
