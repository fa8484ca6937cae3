//! What a link reports while it runs.

use std::net::SocketAddr;

use capsock::Error;
use capsock::trace::Impairment;

use crate::direction::Direction;

/// Something that a link did or met.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A datagram was impaired on purpose; one event for each impairment.
    Impaired {
        /// Its direction.
        direction: Direction,
        /// Its number in that direction, from 1.
        number: u64,
        /// Its length in bytes.
        length: usize,
        /// What was done.
        impairment: Impairment,
    },
    /// A connection was cut or reset after the given number of bytes of a direction.
    Ended {
        /// The direction.
        direction: Direction,
        /// Its client.
        client: SocketAddr,
        /// The bytes that it passed on.
        bytes: u64,
        /// Whether it was reset, not closed.
        reset: bool,
    },
    /// Nothing listens at the server's address: it refused a datagram (ICMP port unreachable).
    DatagramRefused {
        /// The server.
        server: SocketAddr,
    },
    /// No connection to the server could be made, for which a client was reset.
    ConnectFailed {
        /// Why.
        error: Error,
    },
    /// A client was not served because the system gives no further socket.
    NoSocket {
        /// Why.
        error: Error,
    },
    /// A client was not served because there are as many as the link takes.
    TooMany {
        /// How many it takes.
        most: usize,
    },
}
