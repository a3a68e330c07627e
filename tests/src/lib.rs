//! What the journeys and the fault tests are told with: the platform as its
//! users reach it (HTTP, the ingress, kubectl, helm) and as an operator does
//! (its scripts, its processes). No product code is called.

#![allow(
    clippy::disallowed_methods,
    reason = "a test starts programs and reads its environment"
)]

#[cfg(feature = "faults")]
pub mod faults;
pub mod machine;
pub mod platform;
pub mod shop;
