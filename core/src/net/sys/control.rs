//! What the control messages of datagrams say; the systems encode it in their own ways.

use std::net::IpAddr;

/// The bytes for the control messages of one datagram: a packet info, a hop limit and a segment size.
pub(crate) const CONTROL: usize = 128;

#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(crate) struct ControlBuffer([u8; CONTROL]);

impl ControlBuffer {
    pub(crate) const EMPTY: ControlBuffer = ControlBuffer([0; CONTROL]);
}

/// The control messages of a received datagram.
#[derive(Debug, Default)]
pub(crate) struct ReceivedControl {
    /// The destination address, and the index of the interface.
    pub(crate) destination: Option<(IpAddr, u32)>,
    pub(crate) hop_limit: Option<u8>,
    /// With several segments, the length of each but the last. Linux alone has segments.
    pub(crate) segment: Option<usize>,
}

/// The control messages of a message to send.
pub(crate) struct SentControl {
    pub(crate) ipv6: bool,
    /// The source address, and the index of the interface for a link-local one.
    pub(crate) from: Option<(IpAddr, u32)>,
    /// On systems other than Linux it is sent for IPv6 alone: see `with_hop_limit`.
    pub(crate) hop_limit: Option<u8>,
    /// The kernel sends the message's bytes as datagrams of that length, the last one of the rest. Linux alone has
    /// segments.
    pub(crate) segment: Option<u16>,
}
