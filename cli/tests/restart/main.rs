//! Replacing a running server: no request is lost, whoever starts the successor, and whatever becomes of it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "the long run prints a table")]

mod generations;
mod load;
mod lossless;
mod replace;
mod successors;
#[path = "../command/support.rs"]
#[allow(dead_code, reason = "the tests of the command use the rest")]
mod support;
