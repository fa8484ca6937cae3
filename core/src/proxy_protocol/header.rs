//! What a header tells, how far it has come, and why bytes are none.

use std::net::SocketAddr;

/// The addresses of a proxied connection or datagram, as a header tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Proxied {
    /// The client of the proxy.
    pub(crate) source: SocketAddr,
    /// Where the client reached the proxy.
    pub(crate) destination: SocketAddr,
}

impl Proxied {
    /// An IPv4-mapped IPv6 address is the IPv4 address.
    pub(super) fn new(source: SocketAddr, destination: SocketAddr) -> Proxied {
        let plain = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        Proxied { source: plain(source), destination: plain(destination) }
    }
}

/// Why bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// How far a header has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The header continues.
    Incomplete,
    /// The header is complete. `None` if it tells no addresses that are IPv4 or IPv6: the proxy speaks for itself (as in
    /// a health check), or does not know them.
    Complete(Option<Proxied>),
}
