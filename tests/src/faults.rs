//! The platform broken on purpose, on real servers and simulated nodes, and
//! looked at afterwards. From the ground up: servers, ingress, programs, one
//! platform of a test's own; what its records and the cluster hold; what must be
//! true of both; and the tests, each a module that prints what it saw.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "parts of one test program; what a name does not say stands above it"
)]

pub mod access;
pub mod audit;
pub mod bait;
pub mod case;
pub mod check;
pub mod cluster;
pub mod collector;
pub mod copies;
pub mod curve;
pub mod dice;
pub mod fuse;
pub mod ground;
pub mod hopeless;
pub mod idle;
pub mod ingress;
pub mod inventory;
pub mod mutant;
pub mod nowhere;
pub mod numbers;
pub mod outage;
pub mod outages;
pub mod own;
pub mod patience;
pub mod person;
pub mod program;
pub mod proxy;
pub mod random;
pub mod records;
pub mod refusal;
pub mod release;
pub mod report;
pub mod restored;
pub mod road;
pub mod scale;
pub mod servers;
pub mod store;
pub mod sweep;
pub mod traced;
pub mod victims;
pub mod visitor;
