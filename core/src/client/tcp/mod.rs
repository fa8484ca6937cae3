//! The TCP client.
//!
//! `client` has the public methods. `session` decides which `connection` carries a request; `exchange` sends one
//! line and receives one; `pipeline` sends many lines without waiting for each reply; `copy` transfers a whole
//! stream in both directions at once.

mod client;
mod connection;
mod copy;
mod exchange;
mod pipeline;
mod session;

pub use client::TcpClient;
pub use copy::Copied;
