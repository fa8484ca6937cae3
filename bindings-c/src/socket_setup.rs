//! The socket calls bind, listen, accept, connect and shutdown, and those that return addresses.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;

use capsock::net::port::from_number;
use capsock::net::{SocketCall, shutdown_from_number};
use capsock::{Endpoint, Result};

use crate::guard::{guard, guard_or};
use crate::pointer::{give_handle, given, refused, text};
use crate::sockaddr::{AddressBuffer, read_address};
use crate::socket::capsock_socket;
use crate::status::capsock_status;
use crate::system::{sockaddr, socklen_t};

/// bind(2).
///
/// Errors: `CAPSOCK_ADDRESS_IN_USE`, `CAPSOCK_ADDRESS_NOT_AVAILABLE`, `CAPSOCK_PERMISSION_DENIED`,
/// `CAPSOCK_INVALID_ARGUMENT`, also if the socket is bound already, `CAPSOCK_CLOSED`.
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

/// bind(2) to a host and a port. `host` is a name, an IP address, or "" for all local addresses;
/// `port` is 0 for any free port, or 1 to 65535. If the name has several addresses of the socket's
/// family, the first local one is used.
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
/// Errors: `CAPSOCK_ADDRESS_IN_USE`, `CAPSOCK_UNSUPPORTED` for a SOCK_DGRAM socket,
/// `CAPSOCK_CLOSED`; `CAPSOCK_INVALID_ARGUMENT` for a negative backlog.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_listen(socket: Option<&capsock_socket>, backlog: c_int) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        let backlog =
            u32::try_from(backlog).map_err(|_| refused("backlog", format!("{backlog} is negative")))?;
        socket.core.listen(backlog).map_err(|errno| socket.core.error(SocketCall::Listen, errno))
    })
}

/// accept(2). The new socket `connection` has no timeout. It is freed with `capsock_socket_free`.
///
/// `peer` is NULL or a buffer for the peer's address. `*peer_length` is the size of the buffer
/// before the call, and the length of the address after it. If the buffer is too small for an
/// address of the socket's family, the call fails with `CAPSOCK_INVALID_ARGUMENT` and accepts no
/// connection.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, also if the socket does not listen, `CAPSOCK_TIMED_OUT`,
/// `CAPSOCK_INTERRUPTED`, `CAPSOCK_CLOSED`, `CAPSOCK_UNSUPPORTED` for a SOCK_DGRAM socket,
/// `CAPSOCK_CONNECTION_RESET` if the connection was aborted before it was accepted,
/// `CAPSOCK_OUT_OF_RESOURCES`, in which case the connection stays in the queue.
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

/// connect(2). On a SOCK_DGRAM socket, it sets the address that `capsock_socket_send` sends to, and
/// the only one from which datagrams are received.
///
/// After a timeout the attempt continues: the socket is connected when it is writable (poll(2)) and
/// SO_ERROR is 0.
///
/// Errors: `CAPSOCK_CONNECTION_REFUSED`, `CAPSOCK_UNREACHABLE`, `CAPSOCK_TIMED_OUT`,
/// `CAPSOCK_INTERRUPTED`, `CAPSOCK_CLOSED`, `CAPSOCK_INVALID_ARGUMENT`; `CAPSOCK_OTHER` with
/// EISCONN if the socket is connected already.
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

/// connect(2) to a host and a port. `host` is a name, an IP address, or "" for the local host;
/// `port` is 0 to 65535. If the name has several addresses of the socket's family, they are tried
/// in order until one answers. The timeout limits the whole call.
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

/// shutdown(2). `how` is SHUT_RD, SHUT_WR (half-close: the peer receives the end of the stream) or
/// SHUT_RDWR.
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

/// getsockname(2): the local address. `*address_length` is the size of the buffer `address` before
/// the call, and the length of the address after it. If the buffer is too small, the call fails
/// with `CAPSOCK_INVALID_ARGUMENT`.
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

/// getpeername(2): the peer's address, with the arguments of `capsock_socket_getsockname`.
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

/// The local port; 0 if the socket is not bound, is closed, or is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_socket_port(socket: Option<&capsock_socket>) -> u16 {
    guard_or(0, || {
        let socket = given(socket, "socket")?;
        let local =
            socket.core.local_addr().map_err(|errno| socket.core.error(SocketCall::LocalAddress, errno))?;
        Ok(local.port())
    })
}
