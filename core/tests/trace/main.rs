//! Recording: what the calls of sockets, clients and servers leave in a file, and what a recording never does.
//!
//! A process has one recording, so each scenario runs in a process of its own: this binary again, with the
//! scenario's name.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

#[cfg(unix)]
mod begins;
mod calls;
#[cfg(unix)]
mod ends;
mod lines;
mod moved;
#[path = "../support/numbers.rs"]
mod numbers;
mod processes;
mod servers;
#[cfg(unix)]
mod steps;
