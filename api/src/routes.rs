//! One file for each path or group of paths. Routes know HTTP and no SQL.

pub mod audit;
pub mod docs;
pub mod operations;
pub mod probes;
pub mod stores;
pub mod view;
