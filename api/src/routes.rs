//! One file for each path or group of paths. Routes know HTTP and no SQL.

pub mod audit;
pub mod audit_proof;
pub mod dead_letters;
pub mod docs;
pub mod events;
pub mod key_view;
pub mod keys;
pub mod operations;
pub mod probes;
pub mod reconciliation;
pub mod refusals;
pub mod session;
pub mod stores;
pub mod tenants;
pub mod view;
pub mod webhook_deliveries;
pub mod webhook_view;
pub mod webhooks;
pub mod whoami;
