//! Datagrams, one by one and in batches, with what a server has to know of each one.
//!
//! An [`ReceiveBatch`] receives, by recvmsg(2) or recvmmsg(2); an [`SendBatch`] collects replies and sends them, by
//! sendmsg(2) or sendmmsg(2). Where the kernel can, datagrams of one size between two ends pass it as one
//! train, which it takes apart and puts together itself (udp(7): UDP_SEGMENT, UDP_GRO).

mod control;
mod inbox;
mod outbox;
mod traced;

use std::net::{IpAddr, SocketAddr};

pub(crate) use inbox::ReceiveBatch;
pub(crate) use outbox::{Added, SendBatch};

/// The longest payload that a datagram can have, in bytes: 65,535 less the headers that its
/// length counts (RFC 768, RFC 791; RFC 8200 counts no IPv6 header).
pub(crate) fn max_payload(address: &SocketAddr) -> usize {
    if address.is_ipv4() { 65_507 } else { 65_527 }
}

/// What is known of received datagrams besides their bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiveMeta {
    pub(crate) source: SocketAddr,
    /// The address that it was sent to, and the index of the interface that it came in on; for IPv4 an
    /// address of ours, also where it came by broadcast. `None` if the system does not tell.
    pub(crate) destination: Option<(IpAddr, u32)>,
    /// What was left of its hop limit (TTL), if the system told.
    pub(crate) hop_limit: Option<u8>,
}

/// How a reply is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SendMeta {
    pub(crate) to: SocketAddr,
    /// The address of ours to send from, as a request's destination; `None` lets the system choose.
    pub(crate) from: Option<(IpAddr, u32)>,
    /// `None` is the hop limit of the socket.
    pub(crate) hop_limit: Option<u8>,
}

impl SendMeta {
    /// Whether the destination says all.
    fn is_plain(&self) -> bool {
        self.from.is_none() && self.hop_limit.is_none()
    }
}
