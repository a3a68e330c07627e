//! One store's journey on real pods, and what may happen to it on the way.
//! Each story has the platform for itself; `tests/e2e.sh` brings it up.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "a test waits between two looks")]

mod away;
mod command_forms;
mod command_line;
mod command_words;
mod crash;
mod create_and_delete;
mod footprint;
mod plan;
mod sale;
mod slots;
