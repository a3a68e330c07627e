//! The wire between api and worker.
//!
//! Rules: additive only (a new field has a default, a removed one is ignored);
//! the version stands in the routing key; an unknown message is parked with its
//! reason, never dropped; no secret travels. `tests/fixtures/wire` holds one
//! frozen sample of each message, which every later build must read.

pub mod command;
pub mod control;
pub mod envelope;
pub mod event;
pub mod observation;
pub mod question;
