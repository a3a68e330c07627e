//! The wire, held against frozen samples, and a page written from the words.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod errors_doc;
mod wire;
