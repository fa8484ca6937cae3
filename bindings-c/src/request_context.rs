//! The context of a request, which a context handler gets.

use std::net::SocketAddr;

use capsock::net::Family;
use capsock::{RequestContext, Result, UnixAddress};

use crate::choices::capsock_transport;
use crate::guard::{guard, guard_or};
use crate::pointer::given;
use crate::sockaddr::AddressBuffer;
use crate::status::capsock_status;
use crate::system::{sockaddr, socklen_t};

/// The context of a request: who sent it, to which address, over which transport, and for whom a
/// proxy did. It belongs to the library and is valid during that call of the handler.
#[derive(Debug)]
pub struct capsock_request_context {
    core: RequestContext,
}

impl capsock_request_context {
    pub(crate) fn new(context: &RequestContext) -> capsock_request_context {
        capsock_request_context { core: context.clone() }
    }
}

/// The address that the request came from: of the other end of the TCP connection, or the source of
/// the datagram, which the sender may have forged. A proxy or an address translator (NAT) puts its
/// own address in its place; with `capsock_server_options_set_proxy_protocol` it is that of the proxy.
///
/// `*address_length` is the size of the buffer `address` before the call, and the length of the
/// address after it. A `struct sockaddr_storage` is large enough; `capsock_address_format` makes
/// text of it. That of a Unix domain socket is a `struct sockaddr_un`, which most clients of a
/// stream leave without a name.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, with nothing written, also if the buffer is too small.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_request_context_peer(
    context: Option<&capsock_request_context>,
    address: *mut sockaddr,
    address_length: Option<&mut socklen_t>,
) -> capsock_status {
    guard(|| {
        let core = &given(context, "context")?.core;
        // SAFETY: room for so many bytes or NULL, by the contract of the header.
        unsafe { give(Some(core.peer()), core.unix_peer(), address, address_length) }
    })
}

/// The address that the request was sent to: of this end of the TCP connection, or the destination
/// of the datagram, with the server's port. The arguments and errors are those of
/// `capsock_request_context_peer`.
///
/// A server that listens on all addresses gets the destination of a datagram from the system
/// (IP_PKTINFO of ip(7)); if that does not report it, this is the address that the server is bound
/// to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_request_context_local(
    context: Option<&capsock_request_context>,
    address: *mut sockaddr,
    address_length: Option<&mut socklen_t>,
) -> capsock_status {
    guard(|| {
        let core = &given(context, "context")?.core;
        // SAFETY: room for so many bytes or NULL, by the contract of the header.
        unsafe { give(Some(core.local()), core.unix_local(), address, address_length) }
    })
}

/// The address of the client: the one of `capsock_request_context_proxied_source` if there is one,
/// and otherwise that of `capsock_request_context_peer`, whose arguments and errors it has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_request_context_client(
    context: Option<&capsock_request_context>,
    address: *mut sockaddr,
    address_length: Option<&mut socklen_t>,
) -> capsock_status {
    guard(|| {
        let core = &given(context, "context")?.core;
        let unix = core.unix_peer().filter(|_| core.proxied_source().is_none());
        // SAFETY: room for so many bytes or NULL, by the contract of the header.
        unsafe { give(Some(core.client()), unix, address, address_length) }
    })
}

/// The address from which the client reached the proxy, as the proxy's header told
/// (`capsock_server_options_set_proxy_protocol`): for the requests of a connection, that at its
/// beginning; for a datagram, its own.
///
/// `*address_length` is 0 after the call if there is none: without a proxy, and if the proxy told no
/// IPv4 or IPv6 address, as for a health check of its own. The arguments and errors are otherwise
/// those of `capsock_request_context_peer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_request_context_proxied_source(
    context: Option<&capsock_request_context>,
    address: *mut sockaddr,
    address_length: Option<&mut socklen_t>,
) -> capsock_status {
    guard(|| {
        let source = given(context, "context")?.core.proxied_source();
        // SAFETY: room for so many bytes or NULL, by the contract of the header.
        unsafe { give(source, None, address, address_length) }
    })
}

/// The address at which the client reached the proxy. The arguments, the length 0 for none and the
/// errors are those of `capsock_request_context_proxied_source`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_request_context_proxied_destination(
    context: Option<&capsock_request_context>,
    address: *mut sockaddr,
    address_length: Option<&mut socklen_t>,
) -> capsock_status {
    guard(|| {
        let destination = given(context, "context")?.core.proxied_destination();
        // SAFETY: room for so many bytes or NULL, by the contract of the header.
        unsafe { give(destination, None, address, address_length) }
    })
}

/// The transport protocol that the request came over, a `capsock_transport`. NULL gives
/// `CAPSOCK_TRANSPORT_TCP`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_request_context_transport(context: Option<&capsock_request_context>) -> i32 {
    guard_or(capsock_transport::CAPSOCK_TRANSPORT_TCP as i32, || {
        Ok(given(context, "context")?.core.transport() as i32)
    })
}

/// # Safety
/// `address` is NULL or has room for `*address_length` bytes.
unsafe fn give(
    own: Option<SocketAddr>,
    unix: Option<&UnixAddress>,
    address: *mut sockaddr,
    address_length: Option<&mut socklen_t>,
) -> Result<()> {
    #[cfg(unix)]
    if let Some(unix) = unix {
        // SAFETY: the caller's promise.
        return unsafe { crate::sockaddr_un::give(unix, address, address_length) };
    }
    // There are none.
    #[cfg(windows)]
    let _ = unix;
    let family = if own.is_none_or(|own| own.is_ipv4()) { Family::V4 } else { Family::V6 };
    let buffer = given(AddressBuffer::new(address, address_length, Some(family))?, "address")?;
    // SAFETY: the caller promises the room.
    unsafe { buffer.write(own) }
}
