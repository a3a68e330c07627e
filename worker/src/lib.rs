//! The worker: takes commands from RabbitMQ and brings stores to what is wanted
//! of them. It keeps nothing of its own; progress is found again by looking.
//!
//! ```text
//! consumer ─▶ job ─▶ lease ─▶ converge ⟲ observe → decide → one step → report
//!                                          │                  │
//!                                       cluster, storefront   helm (under its guard)
//! observer ─▶ shared watches, light probe ─▶ observations
//! questions ─▶ the cluster as it is now ─▶ whoever asked
//! ```
//!
//! Imports go one way, down this list reversed: what stands lower may use what
//! stands above it.

pub mod metrics;
pub mod settings;

pub mod cluster;

pub mod values;

pub mod helm;

pub mod storefront;

pub mod lease;

pub mod report;

pub mod context;

pub mod steps;

pub mod converge;

pub mod job;

pub mod observer;

pub mod consumer;
pub mod control;
pub mod questions;

pub mod probes;
pub mod program;
