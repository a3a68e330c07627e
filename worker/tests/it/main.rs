//! The worker against real servers: an apiserver with its controllers, RabbitMQ,
//! helm. A missing server is a failed test that says how to start it.
//!
//! Without the feature `long-tests` only what is quick runs, for whoever changes a
//! file and wants to know; `make test` has it all.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test may"
)]
#![cfg_attr(
    not(feature = "long-tests"),
    allow(dead_code, reason = "what only the long tests use")
)]

mod account;
mod broker;
mod harness;
#[cfg(feature = "long-tests")]
mod observing;
mod road;
mod stores;

#[cfg(feature = "long-tests")]
mod bad_states;
#[cfg(feature = "long-tests")]
mod cancel;
mod delivery;
#[cfg(feature = "long-tests")]
mod diagnosis;
mod faults;
mod guard;
#[cfg(feature = "faults")]
mod halts;
mod journey;
#[cfg(feature = "faults")]
mod kills;
mod lease;
mod namespaces;
#[cfg(feature = "long-tests")]
mod observer;
#[cfg(feature = "long-tests")]
mod outages;
#[cfg(feature = "long-tests")]
mod proxy;
mod questions;
mod releases;
mod rights;
#[cfg(feature = "long-tests")]
mod suspend;
#[cfg(feature = "long-tests")]
mod takeover;
#[cfg(feature = "long-tests")]
mod updates;
#[cfg(feature = "long-tests")]
mod workloads;
