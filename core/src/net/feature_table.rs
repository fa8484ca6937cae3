//! The optional calls of the system, with their bits.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use super::features::Features;

impl Features {
    /// shutdown(2) in another thread unblocks a receive, so that the receive needs no poll before it.
    pub const BLOCKING_RECEIVE: Features = Features(1);
    /// recvmmsg(2) and sendmmsg(2) transfer several datagrams with one call.
    pub const RECVMMSG: Features = Features(2);
    /// UDP_SEGMENT (udp(7)): one send transmits several datagrams of one size to one peer.
    pub const UDP_SEGMENT: Features = Features(4);
    /// UDP_GRO (udp(7)): one receive returns several datagrams of one size from one peer.
    pub const UDP_GRO: Features = Features(8);
    /// pidfd_open(2): a descriptor of a child process is readable when it ends, in place of a pipe.
    pub const PIDFD: Features = Features(16);
    /// IP_RECVORIGDSTADDR and IP_RECVERR (ip(7)): a UDP client sends requests from several ports in turn by
    /// one socket, in place of a socket for each port.
    pub const ORIG_DST: Features = Features(32);
    /// Each address of 127.0.0.0/8 is local: a UDP client that has orig-dst as well sends requests to this
    /// machine from an address each by one socket, in place of a port each.
    pub const LOOPBACK_ADDRESSES: Features = Features(64);

    pub(super) const ALL: [(Features, &'static str); 7] = [
        (Features::BLOCKING_RECEIVE, "blocking-receive"),
        (Features::RECVMMSG, "recvmmsg"),
        (Features::UDP_SEGMENT, "udp-segment"),
        (Features::UDP_GRO, "udp-gro"),
        (Features::PIDFD, "pidfd"),
        (Features::ORIG_DST, "orig-dst"),
        (Features::LOOPBACK_ADDRESSES, "loopback-addresses"),
    ];
}
