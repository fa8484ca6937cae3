//! The TCP client.
//!
//! `client` has the public methods. `settings` are its options as the others use them. `session` decides which `connection`
//! carries a request; `exchange` sends one message and receives one; `pipeline` sends many without waiting for each
//! reply; `format` tells where they end; `copy` transfers a whole stream in both directions at once.

mod client;
mod connection;
mod copy;
mod exchange;
mod format;
mod pipeline;
mod session;
mod settings;

pub use client::TcpClient;
pub use copy::Copied;
