//! Words, wire and plumbing that the programs of the platform have in common.
//!
//! Belongs here: ids and names, statuses, failure codes, the messages between
//! api and worker, AMQP topology and publishing, settings, telemetry, waiting.
//! Does not: any rule of one side alone (SQL, HTTP, Kubernetes, helm).
//!
//! Imports go one way, down this list.

pub mod ids;
pub mod plan;
pub mod store_name;
pub mod store_status;

pub mod operation;
pub mod step;

pub mod failure;
pub mod store_spec;

pub mod contract;

pub mod backoff;
pub mod fault;
pub mod pages;
pub mod shutdown;
pub mod wait;

pub mod metrics;
pub mod settings;
pub mod telemetry;

pub mod amqp;

#[cfg(feature = "testing")]
pub mod testing;
