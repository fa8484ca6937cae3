//! Making and closing sockets, their associations, and the state of TCP connections.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, SockRef, Type};
use windows_sys::Win32::Networking::WinSock::{SOCKET, closesocket};

use crate::net::sys::buffer::uninit;
use crate::net::sys::errno::{Errno, Sys, check};
use crate::net::sys::fd::{BorrowedFd, NO_FD, OwnedFd, RawFd};
use crate::netc;

/// WSASocketW, whose socket no child process inherits and which never blocks: see [`Mode`](super::Mode).
pub(crate) fn open(
    domain: Domain,
    kind: Type,
    protocol: Option<Protocol>,
    _nonblocking: bool,
) -> Sys<socket2::Socket> {
    let socket = socket2::Socket::new(domain, kind, protocol)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// accept, whose socket never blocks.
pub(crate) fn accept(listener: &socket2::Socket, _nonblocking: bool) -> Sys<(socket2::Socket, SockAddr)> {
    let (socket, address) = listener.accept()?;
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}

/// closesocket, whose report a dropped socket would lose. The socket is gone whatever that is.
///
/// # Safety
/// The socket is the caller's to close, and nothing uses it again.
pub(crate) unsafe fn close_number(fd: RawFd) -> Sys<()> {
    // SAFETY: by this function's contract.
    check(unsafe { closesocket(fd as SOCKET) }).map(drop)
}

/// A copy of a socket that the host named by its number (WSADuplicateSocketW), which no child process inherits. A number
/// that is none is WSAENOTSOCK.
pub(crate) fn copy_number(fd: RawFd) -> Sys<OwnedFd> {
    if fd == NO_FD {
        return Err(Errno(netc::EBADF));
    }
    // SAFETY: the number is not that of no socket, and the borrow ends with the call, which checks it.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned()?)
}

/// No socket is inherited that was not meant to be.
#[allow(clippy::unnecessary_wraps, reason = "that of Unix can fail")]
pub(crate) fn set_close_on_exec(_fd: RawFd) -> Sys<()> {
    Ok(())
}

/// connect to the unspecified address: dissolves the association of a datagram socket.
pub(crate) fn disconnect(fd: BorrowedFd<'_>) -> Sys<()> {
    let socket = SockRef::from(&fd);
    let v6 = socket.local_addr()?.is_ipv6();
    let nowhere: SocketAddr =
        if v6 { (Ipv6Addr::UNSPECIFIED, 0).into() } else { (Ipv4Addr::UNSPECIFIED, 0).into() };
    Ok(socket.connect(&SockAddr::from(nowhere))?)
}

/// Aborts a connection with a reset, which the close of its socket sends (SO_LINGER with a time of zero).
pub(crate) fn reset(fd: BorrowedFd<'_>) -> Sys<()> {
    Ok(SockRef::from(&fd).set_linger(Some(Duration::ZERO))?)
}

/// The bytes that a TCP socket has sent and the peer has not acknowledged: not known (ENOSYS).
pub(crate) fn unacknowledged(_fd: BorrowedFd<'_>) -> Sys<usize> {
    Err(Errno(netc::ENOSYS))
}

/// The bytes that have not been transmitted: not known (ENOSYS).
pub(crate) fn unsent(_fd: BorrowedFd<'_>) -> Sys<usize> {
    Err(Errno(netc::ENOSYS))
}

/// Whether the peer may still send: what it has sent has not ended.
pub(crate) fn peer_may_send(fd: BorrowedFd<'_>) -> bool {
    let mut byte = [0];
    match SockRef::from(&fd).peek(uninit(&mut byte)).map_err(Errno::from) {
        Ok(count) => count > 0,
        Err(errno) => errno.would_block(),
    }
}
