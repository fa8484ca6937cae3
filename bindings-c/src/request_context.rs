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

/// The context of a request: who sent it, to which address, over which transport. It belongs to the
/// library and is valid during that call of the handler.
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
/// own address in its place.
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
        unsafe { give(core.peer(), core.unix_peer(), address, address_length) }
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
        unsafe { give(core.local(), core.unix_local(), address, address_length) }
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
    own: SocketAddr,
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
    let family = if own.is_ipv4() { Family::V4 } else { Family::V6 };
    let buffer = given(AddressBuffer::new(address, address_length, Some(family))?, "address")?;
    // SAFETY: the caller promises the room.
    unsafe { buffer.write(Some(own)) }
}
