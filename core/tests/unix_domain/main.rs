//! Unix domain sockets: streams and datagrams with every concurrency, whose files, and who may connect.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod clients;
mod datagrams;
mod files;
mod folder;
mod given;
mod streams;
