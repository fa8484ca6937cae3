//! Faults from outside: many connections, misbehaving peers, shortages, forged sources, killed processes. Each test
//! causes the real fault, most of them to a server in a process of its own.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod bad_peers;
mod descriptors;
mod filter;
mod forged;
mod idle_connections;
mod killed;
mod listeners;
mod measure;
mod ports;
mod processes;
mod refusals;
mod remote;
mod stop;
