//! The wire, held against frozen samples.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod wire;
