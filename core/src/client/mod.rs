//! The TCP and the UDP client of a request-reply server.
//!
//! [`TcpClient`] and [`UdpClient`] wrap one client (`generic`) that lets one call at a time use its session
//! (`fair_lock`). A session (`session`) is what differs between the protocols: under `tcp/` a connection that
//! carries lines, under `udp/` sockets that send datagrams.

mod addresses;
mod fair_lock;
mod generic;
mod many;
mod operations;
mod options;
mod session;
mod tcp;
mod udp;

pub use many::reply_text;
pub use options::{TcpClientOptions, UdpClientOptions};
pub use tcp::{Copied, TcpClient};
pub use udp::UdpClient;
