//! What harms a server or its host from outside: crowds, peers that go wrong, shortages, forged sources, kills.
//! Each test brings the real fault about, most of them upon a server in a process of its own.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod bad_peers;
mod crowd;
mod descriptors;
mod forged;
mod killed;
mod listeners;
mod measure;
mod ports;
mod processes;
mod remote;
mod stop;
