//! The class `capsock.RequestContext`.

use pyo3::prelude::*;

use crate::address::Address;

/// The context of a request: who sent it, to which address, over which transport.
///
/// A handler that requires a second positional argument is called with it. It is a copy of what the system
/// reported, and may be kept after the call.
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
    /// (NAT) puts its own address in its place. That of a Unix domain socket is as the module socket has
    /// it: a path, an abstract name as bytes that begin with a NUL, or an empty str for most clients of
    /// a stream, which have no name.
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

    /// The transport protocol that the request came over: "tcp" or "udp".
    #[getter]
    fn transport(&self) -> &'static str {
        self.0.transport().name()
    }

    fn __repr__(&self) -> String {
        let (peer, local) = (self.peer().endpoint(), self.local().endpoint());
        format!("<capsock.RequestContext {} {peer} to {local}>", self.transport())
    }
}
