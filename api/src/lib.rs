//! The api: intent, truth, history. It takes wishes over HTTP, keeps the
//! records in Postgres, publishes commands, and takes in what workers report.
//! It has no rights on any cluster.
//!
//! ```text
//!  POST /stores ─▶ routes ─▶ stores ──(one transaction)──▶ Postgres
//!                                                            │ outbox
//!                     RabbitMQ store.commands ◀── relay ◀────┘
//!                     RabbitMQ store.events ──▶ projector ──▶ Postgres ─▶ GET
//! ```
//!
//! Imports go one way, up this list: what stands lower may use what is above.

pub mod settings;

mod entity;
mod metrics;
mod record;

mod db;
pub mod migrate;

mod access;

mod audit;
mod outbox;
mod parking;
mod pulse;

mod projector;

mod health;
pub mod healthcheck;
mod watchdog;

mod idempotency;
mod paging;
mod retention;
mod stores;
mod stream;
mod webhooks;

mod reconciliation;

mod observer;

mod dead_letters;

mod error;
mod http;
pub mod openapi;
mod routes;

// For the tests' database, which refuses a change that tells nothing.
pub use audit::change::TELLS as AUDIT_TELLS;

pub mod bootstrap;
pub mod plans;
mod router;
pub mod server;
