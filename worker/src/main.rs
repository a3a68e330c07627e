//! Starts the program; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    worker::program::main()
}
