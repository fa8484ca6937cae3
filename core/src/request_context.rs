//! The context of a request: who sent it, to which address, over which transport.

use std::net::SocketAddr;

use crate::choices::Transport;

/// The context of a request, which a [`ContextService`](crate::ContextService) gets beside it: the addresses and the
/// transport.
///
/// It is a copy of what the system reported, and may be kept after the call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestContext {
    peer: SocketAddr,
    local: SocketAddr,
    transport: Transport,
}

impl RequestContext {
    pub(crate) fn new(transport: Transport, peer: SocketAddr, local: SocketAddr) -> RequestContext {
        RequestContext { peer, local, transport }
    }

    /// The address that the request came from: of the other end of the TCP connection (getpeername(2)), or the source of
    /// the datagram. It is IPv4 or IPv6, and never an IPv4-mapped IPv6 address.
    ///
    /// An address translator (NAT) or a proxy puts its own address in its place. Over UDP the sender may have forged
    /// it.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The address that the request was sent to: of this end of the TCP connection (getsockname(2)), or the destination
    /// of the datagram, with the server's port.
    ///
    /// A server that is bound to all addresses gets the destination of a datagram from the system (`IP_PKTINFO` of ip(7),
    /// RFC 3542): of an IPv4 broadcast that is the address of the interface that received it. If the system does not
    /// report the destination, this is the address that the server is bound to.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The transport protocol that the request came over.
    pub fn transport(&self) -> Transport {
        self.transport
    }
}
