//! The context of a request: who sent it, to which address, over which transport, and for whom a proxy did.

use std::net::SocketAddr;

use crate::choices::Transport;
use crate::proxy_protocol::Proxied;
use crate::unix_address::{NO_ADDRESS, UnixAddress};

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
    /// Those of a Unix domain socket: of the peer, and the local one.
    unix: Option<Box<(UnixAddress, UnixAddress)>>,
}

impl RequestContext {
    pub(crate) fn new(transport: Transport, peer: SocketAddr, local: SocketAddr) -> RequestContext {
        RequestContext { peer, local, transport, proxied: None, unix: None }
    }

    /// That of a request over a Unix domain socket.
    pub(crate) fn unix(transport: Transport, peer: UnixAddress, local: UnixAddress) -> RequestContext {
        let unix = Some(Box::new((peer, local)));
        RequestContext { unix, ..RequestContext::new(transport, NO_ADDRESS, NO_ADDRESS) }
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
    /// forged it. Of a Unix domain socket it is 0.0.0.0:0, and [`unix_peer`](RequestContext::unix_peer) is the address.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The address that the request was sent to: of this end of the TCP connection (getsockname(2)), or the destination
    /// of the datagram, with the server's port.
    ///
    /// A server that is bound to all addresses gets the destination of a datagram from the system (`IP_PKTINFO` of ip(7),
    /// RFC 3542): of an IPv4 broadcast that is the address of the interface that received it. If the system does not
    /// report the destination, this is the address that the server is bound to. Of a Unix domain socket it is 0.0.0.0:0, and
    /// [`unix_local`](RequestContext::unix_local) is the address.
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

    /// The address of the other end, if the request came over a Unix domain socket: most clients of a stream have no name.
    pub fn unix_peer(&self) -> Option<&UnixAddress> {
        self.unix.as_ref().map(|unix| &unix.0)
    }

    /// The address of this end, that the server is bound to, if the request came over a Unix domain socket.
    pub fn unix_local(&self) -> Option<&UnixAddress> {
        self.unix.as_ref().map(|unix| &unix.1)
    }

    /// The transport protocol that the request came over.
    pub fn transport(&self) -> Transport {
        self.transport
    }
}
