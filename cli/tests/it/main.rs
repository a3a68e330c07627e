//! `urumi` itself, as it is run, against a server that says what a test wants: lost
//! answers, wrong ones and none at all. Nothing here needs a platform.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may, and starts the program that it is about"
)]

mod program;
mod server;

mod answers;
mod waiting;
