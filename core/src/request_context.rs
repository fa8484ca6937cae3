//! The context of a request: who sent it, to which address, over which transport, and for whom a proxy did.

use std::net::SocketAddr;

use crate::choices::Transport;
use crate::proxy_protocol::Proxied;

/// The context of a request, which a [`ContextService`](crate::ContextService) gets beside it: the addresses and the
/// transport.
///
/// It is a copy of what the system and a proxy reported, and may be kept after the call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestContext {
    peer: SocketAddr,
    local: SocketAddr,
    transport: Transport,
    proxied: Option<Proxied>,
}

impl RequestContext {
    pub(crate) fn new(transport: Transport, peer: SocketAddr, local: SocketAddr) -> RequestContext {
        RequestContext { peer, local, transport, proxied: None }
    }

    /// Sets what the header of the PROXY protocol told.
    pub(crate) fn set_proxied(&mut self, proxied: Option<Proxied>) {
        self.proxied = proxied;
    }

    /// The address of the client: [`proxied_source`](RequestContext::proxied_source) if there is one, and otherwise
    /// [`peer`](RequestContext::peer).
    pub fn client(&self) -> SocketAddr {
        self.proxied_source().unwrap_or(self.peer)
    }

    /// The address that the request came from: of the other end of the TCP connection (getpeername(2)), or the source of
    /// the datagram. It is IPv4 or IPv6, and never an IPv4-mapped IPv6 address.
    ///
    /// An address translator (NAT) or a proxy puts its own address in its place; with
    /// [`proxy_protocol`](crate::ServerOptions::proxy_protocol()) it is that of the proxy. Over UDP the sender may have
    /// forged it.
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

    /// The address from which the client reached the proxy, as the proxy's header told
    /// ([`proxy_protocol`](crate::ServerOptions::proxy_protocol())): for the requests of a connection, that at its
    /// beginning; for a datagram, its own. It is never an IPv4-mapped IPv6 address.
    ///
    /// `None` without a proxy, and if the proxy told no IPv4 or IPv6 address: for a request of its own, such as a health
    /// check (LOCAL), or a client whose address it does not know (UNKNOWN, UNSPEC) or that has none (a Unix domain
    /// socket).
    pub fn proxied_source(&self) -> Option<SocketAddr> {
        self.proxied.map(|proxied| proxied.source)
    }

    /// The address at which the client reached the proxy; `None` as for
    /// [`proxied_source`](RequestContext::proxied_source).
    pub fn proxied_destination(&self) -> Option<SocketAddr> {
        self.proxied.map(|proxied| proxied.destination)
    }

    /// The transport protocol that the request came over.
    pub fn transport(&self) -> Transport {
        self.transport
    }
}
