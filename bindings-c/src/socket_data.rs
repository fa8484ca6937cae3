//! The socket calls that send and receive, and the socket options.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;

use capsock::net::{Kind, SocketCall};
use capsock::{Error, ErrorKind, Result};

use crate::guard::guard;
use crate::pointer::{bytes, bytes_mut, given, refused};
use crate::sockaddr::{AddressBuffer, read_address};
use crate::socket::capsock_socket;
use crate::status::capsock_status;
use crate::system::{LENGTH_IS_TOLD, MSG_FASTOPEN, MSG_TRUNC, sockaddr, socklen_t};

/// send(2), with the system's flags, without SIGPIPE.
///
/// `sent` receives the number of bytes that the system accepted, which may be fewer than `length`
/// on a SOCK_STREAM socket with a timeout. With `sent` NULL, the call returns after all bytes have
/// been accepted, within one timeout. If it fails then, the number of accepted bytes is unknown.
///
/// Errors: `CAPSOCK_CONNECTION_RESET` (EPIPE, ECONNRESET), `CAPSOCK_TIMED_OUT`,
/// `CAPSOCK_INTERRUPTED`, `CAPSOCK_CLOSED`, `CAPSOCK_TOO_LARGE` for a datagram,
/// `CAPSOCK_CONNECTION_REFUSED` if an ICMP port unreachable was received for an earlier datagram;
/// `CAPSOCK_OTHER` with ENOTCONN or EDESTADDRREQ.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_send(
    socket: Option<&capsock_socket>,
    data: *const c_void,
    length: usize,
    flags: c_int,
    sent: Option<&mut MaybeUninit<usize>>,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        // SAFETY: `length` bytes or NULL, by the contract of the header.
        let data = unsafe { bytes(data, length, "data") }?;
        send(socket, data, flags, sent)
    })
}

fn send(
    socket: &capsock_socket,
    data: &[u8],
    flags: c_int,
    sent: Option<&mut MaybeUninit<usize>>,
) -> Result<()> {
    if flags & MSG_FASTOPEN != 0 {
        let error = Error::new(ErrorKind::Unsupported, "connect by sending", "MSG_FASTOPEN is not supported");
        return Err(error.advise("set the option TCP_FASTOPEN_CONNECT and connect"));
    }
    let (core, policy) = (&socket.core, socket.policy());
    // A datagram, an empty one too, is one call.
    let outcome = if sent.is_none() && core.kind() == Kind::Stream && !data.is_empty() {
        core.send_all(data, flags, policy).map(|()| data.len())
    } else {
        core.send(data, flags, policy)
    };
    let count = outcome.map_err(|error| core.error(SocketCall::Send, error))?;
    if let Some(sent) = sent {
        sent.write(count);
    }
    Ok(())
}

/// sendto(2), as `capsock_socket_send`. `address` NULL with the length 0 stands for the address
/// that the socket is connected to. A SOCK_STREAM socket ignores the address and does not connect;
/// MSG_FASTOPEN is `CAPSOCK_UNSUPPORTED`.
///
/// Errors: as for `capsock_socket_send`; `CAPSOCK_UNREACHABLE`, `CAPSOCK_INVALID_ARGUMENT`, also
/// for port 0, `CAPSOCK_PERMISSION_DENIED` for a broadcast without SO_BROADCAST.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_sendto(
    socket: Option<&capsock_socket>,
    data: *const c_void,
    length: usize,
    flags: c_int,
    address: *const sockaddr,
    address_length: socklen_t,
    sent: Option<&mut MaybeUninit<usize>>,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        // SAFETY: `length` bytes or NULL, by the contract of the header.
        let data = unsafe { bytes(data, length, "data") }?;
        if address.is_null() && address_length == 0 {
            return send(socket, data, flags, sent);
        }
        // SAFETY: so many bytes or NULL, by the contract of the header.
        let address = unsafe { read_address(address, address_length) }?;
        if socket.core.kind() == Kind::Stream {
            return send(socket, data, flags, sent);
        }
        let count = socket
            .core
            .send_to(data, &address, flags, socket.policy())
            .map_err(|error| socket.core.error_at(SocketCall::SendTo, error, &address))?;
        if let Some(sent) = sent {
            sent.write(count);
        }
        Ok(())
    })
}

/// recv(2), with the system's flags. `received` receives the number of bytes: 0 at the end of a
/// stream, and for an empty datagram.
///
/// If a datagram is longer than the buffer, the call fails with `CAPSOCK_TOO_LARGE`: the buffer is
/// full, `received` is the length of the whole datagram, and the rest is discarded unless MSG_PEEK
/// was given. With MSG_TRUNC in the flags, that is no error, as in recv(2). Windows does not tell the
/// length of the whole datagram: there `received` is `size` + 1.
///
/// Errors: `CAPSOCK_TIMED_OUT`, `CAPSOCK_INTERRUPTED`, `CAPSOCK_CLOSED`,
/// `CAPSOCK_CONNECTION_RESET`, `CAPSOCK_TOO_LARGE`, `CAPSOCK_CONNECTION_REFUSED` if an ICMP port
/// unreachable was received for an earlier datagram; `CAPSOCK_OTHER` with ENOTCONN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_recv(
    socket: Option<&capsock_socket>,
    buffer: *mut c_void,
    size: usize,
    flags: c_int,
    received: Option<&mut MaybeUninit<usize>>,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        // SAFETY: room for `size` bytes or NULL, by the contract of the header.
        let buffer = unsafe { bytes_mut(buffer, size, "buffer") }?;
        let received = given(received, "received")?;
        let length = socket
            .core
            .receive(buffer, telling_the_length(socket, flags), socket.policy())
            .map_err(|error| socket.core.error(SocketCall::Receive, error))?;
        received.write(length);
        whole(length, size, flags)
    })
}

/// recvfrom(2), as `capsock_socket_recv`. `sender` is NULL or a buffer for the sender's address.
/// `*sender_length` is the size of the buffer before the call, and the length of the address after
/// it: 0 on a SOCK_STREAM socket. If the buffer is too small for an address of the socket's family,
/// the call fails with `CAPSOCK_INVALID_ARGUMENT` and receives nothing. With `CAPSOCK_TOO_LARGE`,
/// the sender's address is written as well.
///
/// Errors: as for `capsock_socket_recv`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_recvfrom(
    socket: Option<&capsock_socket>,
    buffer: *mut c_void,
    size: usize,
    flags: c_int,
    sender: *mut sockaddr,
    sender_length: Option<&mut socklen_t>,
    received: Option<&mut MaybeUninit<usize>>,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        // SAFETY: room for `size` bytes or NULL, by the contract of the header.
        let buffer = unsafe { bytes_mut(buffer, size, "buffer") }?;
        let sender_buffer = AddressBuffer::new(sender, sender_length, Some(socket.family))?;
        let received = given(received, "received")?;
        let (length, from) = socket
            .core
            .receive_from(buffer, telling_the_length(socket, flags), socket.policy())
            .map_err(|error| socket.core.error(SocketCall::ReceiveFrom, error))?;
        if let Some(sender_buffer) = sender_buffer {
            // SAFETY: room for so many bytes, by the contract of the header.
            unsafe { sender_buffer.write(from) }?;
        }
        received.write(length);
        whole(length, size, flags)
    })
}

/// Of a datagram the system tells the whole length; on a stream MSG_TRUNC would throw data away.
fn telling_the_length(socket: &capsock_socket, flags: c_int) -> c_int {
    if socket.core.kind() == Kind::Datagram { flags | MSG_TRUNC } else { flags }
}

fn whole(length: usize, size: usize, flags: c_int) -> Result<()> {
    if length <= size || flags & MSG_TRUNC != 0 {
        return Ok(());
    }
    let text = if LENGTH_IS_TOLD {
        format!("it has {length} bytes, and the buffer has {size}")
    } else {
        format!("it is longer than the buffer, which has {size} bytes")
    };
    let error = Error::new(ErrorKind::TooLarge, "receive the datagram as a whole", text);
    Err(error.advise("65,535 bytes hold any"))
}

/// getsockopt(2). `*length` is the size of the buffer `value` before the call, and the number of
/// bytes written after it.
///
/// Errors: `CAPSOCK_UNSUPPORTED`, `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_CLOSED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_getsockopt(
    socket: Option<&capsock_socket>,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    length: Option<&mut socklen_t>,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        let length = given(length, "length")?;
        // The system takes it for an int.
        if c_int::try_from(*length).is_err() {
            return Err(refused("length", format!("no option has {length} bytes")));
        }
        // SAFETY: room for `*length` bytes or NULL, by the contract of the header.
        let value = unsafe { bytes_mut(value, *length as usize, "value") }?;
        let call = SocketCall::GetOption { level, name };
        let filled =
            socket.core.option(level, name, value).map_err(|errno| socket.core.error(call, errno))?;
        *length = filled as socklen_t;
        Ok(())
    })
}

/// setsockopt(2).
///
/// Errors: `CAPSOCK_UNSUPPORTED`, `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_PERMISSION_DENIED`,
/// `CAPSOCK_CLOSED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_socket_setsockopt(
    socket: Option<&capsock_socket>,
    level: c_int,
    name: c_int,
    value: *const c_void,
    length: socklen_t,
) -> capsock_status {
    guard(|| {
        let socket = given(socket, "socket")?;
        if c_int::try_from(length).is_err() {
            return Err(refused("length", format!("no option has {length} bytes")));
        }
        // SAFETY: `length` bytes or NULL, by the contract of the header.
        let value = unsafe { bytes(value, length as usize, "value") }?;
        let call = SocketCall::SetOption { level, name };
        socket.core.set_option(level, name, value).map_err(|errno| socket.core.error(call, errno))
    })
}
