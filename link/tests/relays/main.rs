//! Links between real sockets on loopback.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod datagrams;
mod speed;
mod streams;
mod support;
