//! What the journeys are told with: the platform as its users reach it (HTTP,
//! the ingress, kubectl, helm) and as an operator does (its scripts, its
//! processes). No product code is called, and nothing is asserted here.

#![allow(
    clippy::disallowed_methods,
    reason = "a test starts programs and reads its environment"
)]

pub mod machine;
pub mod platform;
pub mod shop;
