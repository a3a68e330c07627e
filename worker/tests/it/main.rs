//! The worker against real servers: an apiserver with its controllers, RabbitMQ,
//! helm. A missing server is a failed test that says how to start it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test may"
)]

mod broker;
mod harness;
mod observing;
mod road;
mod stores;

mod bad_states;
mod cancel;
mod delivery;
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
mod observer;
mod outages;
mod proxy;
mod releases;
mod takeover;
mod updates;
mod workloads;
