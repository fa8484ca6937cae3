//! The calls that give a socket its addresses: bind, listen, accept, connect, and shutdown.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;

use capsock::net::port::from_number;
use capsock::net::{SocketCall, shutdown_from_number};
use capsock::{Endpoint, Result};
use libc::{sockaddr, socklen_t};

use crate::guard::{guard, guard_or};
use crate::pointer::{give_handle, given, refused, text};
use crate::sockaddr::{AddressBuffer, read_address};
use crate::socket::capsock_socket;
use crate::status::capsock_status;

/// bind(2).
///
/// Errors: `CAPSOCK_ADDRESS_IN_USE`, `CAPSOCK_ADDRESS_NOT_AVAILABLE`, `CAPSOCK_PERMISSION_DENIED`,
/// `CAPSOCK_INVALID_ARGUMENT` also if it is bound already, `CAPSOCK_CLOSED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_bind(
    socket: Option<&capsock_socket>,
    address: *const sockaddr,
    address_length: socklen_t,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        // SAFETY: so many bytes or NULL, by the contract of the header.
        let address = unsafe { read_address(address, address_length) }?;
        socket.core.bind(&address).map_err(|errno| socket.core.error_at(SocketCall::Bind, errno, &address))
    })
}

/// bind(2) to a host, the first of whose addresses that this machine has is taken, of the socket's
/// family. `host` is a name, an IP address, or "" for every address of this machine; `port` is 0 for
/// any free one, to 65535.
///
/// Errors: as for `capsock_socket_bind`; `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_TIMED_OUT`,
/// `CAPSOCK_INTERRUPTED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_bind_to(
    socket: Option<&capsock_socket>,
    host: *const c_char,
    port: i32,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        // SAFETY: text or NULL, by the contract of the header.
        let endpoint = unsafe { endpoint(host, port) }?;
        socket.core.bind_to(endpoint, socket.policy())
    })
}

/// listen(2).
///
/// Errors: `CAPSOCK_ADDRESS_IN_USE`, `CAPSOCK_UNSUPPORTED` of a SOCK_DGRAM socket, `CAPSOCK_CLOSED`;
/// `CAPSOCK_INVALID_ARGUMENT` for a negative backlog.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_listen(socket: Option<&capsock_socket>, backlog: c_int) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        let backlog =
            u32::try_from(backlog).map_err(|_| refused("backlog", format!("{backlog} is negative")))?;
        socket.core.listen(backlog).map_err(|errno| socket.core.error(SocketCall::Listen, errno))
    })
}

/// accept(2). The connection has no timeout yet, and is freed with `capsock_socket_free`.
///
/// `peer` is NULL, or has room for `*peer_length` bytes, which becomes the length of the peer's
/// address; too little for an address of the socket's family is `CAPSOCK_INVALID_ARGUMENT`, and no
/// connection is taken.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT` also if it does not listen, `CAPSOCK_TIMED_OUT`,
/// `CAPSOCK_INTERRUPTED`, `CAPSOCK_CLOSED`, `CAPSOCK_UNSUPPORTED` of a SOCK_DGRAM socket,
/// `CAPSOCK_CONNECTION_RESET` of a connection that was over before it was taken,
/// `CAPSOCK_OUT_OF_RESOURCES`, with the connection left waiting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_accept(
    socket: Option<&capsock_socket>,
    peer: *mut sockaddr,
    peer_length: Option<&mut socklen_t>,
    connection: Option<&mut MaybeUninit<Option<Box<capsock_socket>>>>,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        let address_buffer = AddressBuffer::new(peer, peer_length, Some(socket.family))?;
        let connection = given(connection, "connection")?;
        let (accepted, from) = socket
            .core
            .accept(false, socket.policy())
            .map_err(|error| socket.core.error(SocketCall::Accept, error))?;
        if let Some(address_buffer) = address_buffer {
            // SAFETY: room for so many bytes, by the contract of the header.
            unsafe { address_buffer.write(Some(from)) }?;
        }
        give_handle(connection, capsock_socket::new(accepted, socket.family));
        Ok(())
    })
}

/// connect(2). After a timeout the attempt goes on: the socket is connected once it is writable
/// (poll(2)) and its option SO_ERROR is 0. Of a SOCK_DGRAM socket it is the address that
/// `capsock_socket_send` sends to, and the only one that is received from.
///
/// Errors: `CAPSOCK_CONNECTION_REFUSED`, `CAPSOCK_UNREACHABLE`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_INTERRUPTED`,
/// `CAPSOCK_CLOSED`, `CAPSOCK_INVALID_ARGUMENT`; `CAPSOCK_OTHER` with EISCONN if it is connected already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_connect(
    socket: Option<&capsock_socket>,
    address: *const sockaddr,
    address_length: socklen_t,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        // SAFETY: so many bytes or NULL, by the contract of the header.
        let address = unsafe { read_address(address, address_length) }?;
        let outcome = socket.core.connect(&address, socket.policy());
        outcome.map_err(|error| socket.core.error_at(SocketCall::Connect, error, &address))
    })
}

/// connect(2) to a host: to the first of its addresses that answers, of the socket's family, with one
/// timeout for all. `host` is a name, an IP address, or "" for this machine; `port` is 0 to 65535.
///
/// Errors: as for `capsock_socket_connect`, and `CAPSOCK_NAME_NOT_RESOLVED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_connect_to(
    socket: Option<&capsock_socket>,
    host: *const c_char,
    port: i32,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        // SAFETY: text or NULL, by the contract of the header.
        let endpoint = unsafe { endpoint(host, port) }?;
        socket.core.connect_to(endpoint, socket.policy())
    })
}

/// # Safety
/// `host` is NULL or text.
unsafe fn endpoint(host: *const c_char, port: i32) -> Result<Endpoint> {
    // SAFETY: as the caller promises.
    let host = unsafe { text(host, "host") }?;
    Ok(Endpoint::from((host, from_number(port.into())?)))
}

/// shutdown(2): SHUT_RD, SHUT_WR (the half-close: the peer sees the end), or SHUT_RDWR.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_CLOSED`; `CAPSOCK_OTHER` with ENOTCONN.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_shutdown(socket: Option<&capsock_socket>, how: c_int) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        let how = shutdown_from_number(how)?;
        socket.core.shutdown(how).map_err(|errno| socket.core.error(SocketCall::ShutDown, errno))
    })
}

/// getsockname(2): the address of this end. `address` has room for `*address_length` bytes, which
/// becomes the address's length; too little is `CAPSOCK_INVALID_ARGUMENT`.
///
/// Errors: `CAPSOCK_CLOSED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_getsockname(
    socket: Option<&capsock_socket>,
    address: *mut sockaddr,
    address_length: Option<&mut socklen_t>,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        let address_buffer = AddressBuffer::new(address, address_length, Some(socket.family))?;
        let address_buffer = given(address_buffer, "address")?;
        let local =
            socket.core.local_addr().map_err(|errno| socket.core.error(SocketCall::LocalAddress, errno))?;
        // SAFETY: room for so many bytes, by the contract of the header.
        unsafe { address_buffer.write(Some(local)) }
    })
}

/// getpeername(2): the address of the other end, as `capsock_socket_getsockname` gives that of this one.
///
/// Errors: `CAPSOCK_CLOSED`; `CAPSOCK_OTHER` with ENOTCONN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_getpeername(
    socket: Option<&capsock_socket>,
    address: *mut sockaddr,
    address_length: Option<&mut socklen_t>,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        let address_buffer = AddressBuffer::new(address, address_length, Some(socket.family))?;
        let address_buffer = given(address_buffer, "address")?;
        let peer =
            socket.core.peer_addr().map_err(|errno| socket.core.error(SocketCall::PeerAddress, errno))?;
        // SAFETY: room for so many bytes, by the contract of the header.
        unsafe { address_buffer.write(Some(peer)) }
    })
}

/// The port of this end; 0 if it has none, is closed, or `socket` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_port(socket: Option<&capsock_socket>) -> u16 {
    guard_or(0, || {
        let socket = given(socket, "socket")?;
        let local =
            socket.core.local_addr().map_err(|errno| socket.core.error(SocketCall::LocalAddress, errno))?;
        Ok(local.port())
    })
}
