//! The UDP client.
//!
//! `client` has the public methods, `family` chooses the session: that of a Unix domain socket is `unix`. Over IP, `session` makes one request at a time, each from a new `socket` on a port that
//! `ports` has not seen recently, and tries the next of the server's addresses if one fails (`failover`). `many`
//! makes many requests: from distinct loopback addresses (`loopback`) if the server is on this machine and the system
//! has such addresses, otherwise from distinct ports (`window`). `pending` is the retransmission timer of one request.

mod client;
mod errors;
mod failover;
mod family;
mod loopback;
mod many;
mod pending;
mod ports;
mod session;
mod socket;
mod unix;
mod window;

pub use client::UdpClient;
