//! What belongs to a datagram besides its payload.

use std::net::{IpAddr, SocketAddr};

/// The longest payload of a datagram in bytes: 65,535 less the headers that its length field counts (RFC 768,
/// RFC 791; RFC 8200 does not count the IPv6 header).
pub(crate) fn max_payload(address: &SocketAddr) -> usize {
    if address.is_ipv4() { 65_507 } else { 65_527 }
}

/// The metadata of received datagrams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiveMeta {
    pub(crate) source: SocketAddr,
    /// The destination address and the index of the interface; for IPv4 a local address also if it came by
    /// broadcast. `None` if the system does not report it.
    pub(crate) destination: Option<(IpAddr, u32)>,
    /// The remaining hop limit (TTL), if the system reports it.
    pub(crate) hop_limit: Option<u8>,
}

/// The metadata of a datagram to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SendMeta {
    pub(crate) to: SocketAddr,
    /// The source address, as in a request's destination; `None` lets the system choose.
    pub(crate) from: Option<(IpAddr, u32)>,
    /// `None` is the socket's hop limit.
    pub(crate) hop_limit: Option<u8>,
}

impl SendMeta {
    /// Whether the destination alone is given, so that sendto(2) can send it.
    pub(super) fn is_plain(&self) -> bool {
        self.from.is_none() && self.hop_limit.is_none()
    }
}
