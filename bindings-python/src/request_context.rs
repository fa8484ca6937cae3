//! The class `capsock.RequestContext`.

use capsock::Endpoint;
use pyo3::prelude::*;

use crate::address::Address;

/// The context of a request: who sent it, to which address, over which transport, and through which proxy.
///
/// A handler that requires a second positional argument is called with it. It is a copy of what the system
/// and a proxy reported, and may be kept after the call.
#[pyclass(module = "capsock", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct RequestContext(capsock::RequestContext);

impl RequestContext {
    pub(crate) fn new(context: &capsock::RequestContext) -> RequestContext {
        RequestContext(context.clone())
    }
}

#[pymethods]
impl RequestContext {
    /// The address that the request came from, as (host, port): of the other end of the TCP connection,
    /// or the source of the datagram, which the sender may have forged. A proxy or an address translator
    /// (NAT) puts its own address in its place; with proxy_protocol it is that of the proxy. That of a
    /// Unix domain socket is as the module socket has it: a path, an abstract name as bytes that begin
    /// with a NUL, or an empty str for most clients of a stream, which have no name.
    #[getter]
    fn peer(&self) -> Address {
        Address::new(self.0.peer(), self.0.unix_peer())
    }

    /// The address that the request was sent to, as (host, port): of this end of the TCP connection, or
    /// the destination of the datagram, with the server's port. If a server on all addresses is not told
    /// the destination by the system, this is the address that it is bound to.
    #[getter]
    fn local(&self) -> Address {
        Address::new(self.0.local(), self.0.unix_local())
    }

    /// The address of the client, as (host, port): proxied_source if there is one, and otherwise peer.
    #[getter]
    fn client(&self) -> Address {
        let unix = self.0.unix_peer().filter(|_| self.0.proxied_source().is_none());
        Address::new(self.0.client(), unix)
    }

    /// The address from which the client reached the proxy, as (host, port), which the header of
    /// proxy_protocol told: for the requests of a connection, that at its beginning; for a datagram, its
    /// own. None without a proxy, and if the proxy told no IPv4 or IPv6 address, as for a health check of
    /// its own.
    #[getter]
    fn proxied_source(&self) -> Option<Address> {
        self.0.proxied_source().map(Address::from)
    }

    /// The address at which the client reached the proxy, as (host, port); None as for proxied_source.
    #[getter]
    fn proxied_destination(&self) -> Option<Address> {
        self.0.proxied_destination().map(Address::from)
    }

    /// The transport protocol that the request came over: "tcp" or "udp".
    #[getter]
    fn transport(&self) -> &'static str {
        self.0.transport().name()
    }

    fn __repr__(&self) -> String {
        let (peer, local) = (self.peer().endpoint(), self.local().endpoint());
        let source = self.0.proxied_source().map(|source| format!(" for {}", Endpoint::from(source)));
        format!(
            "<capsock.RequestContext {} {peer} to {local}{}>",
            self.transport(),
            source.unwrap_or_default()
        )
    }
}
