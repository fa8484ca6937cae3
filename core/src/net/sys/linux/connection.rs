//! The associations of sockets (connect(2)), and the state of TCP connections (tcp(7)).

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use socket2::{Domain, Protocol, SockAddr, Type};

use crate::net::sys::errno::{Errno, Sys, check};

/// The states of `tcp_info` in which the peer has not ended its output: established, and the two in which this
/// end has (TCP_ESTABLISHED, TCP_FIN_WAIT1 and TCP_FIN_WAIT2 of the kernel's tcp_states.h).
const STILL_RECEIVING: [u8; 3] = [1, 4, 5];

/// Whether shutdown(2) of a listener refuses further connections.
pub(crate) const SHUTDOWN_REFUSES: bool = true;

/// connect(2) to AF_UNSPEC: dissolves the association of a datagram socket.
pub(crate) fn disconnect(fd: BorrowedFd<'_>) -> Sys<()> {
    let nowhere = libc::sockaddr { sa_family: libc::AF_UNSPEC as libc::sa_family_t, sa_data: [0; 14] };
    let length = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: the address is readable for its length.
    check(unsafe { libc::connect(fd.as_raw_fd(), &raw const nowhere, length) }).map(drop)
}

/// The bytes that a TCP socket has sent and the peer has not acknowledged (SIOCOUTQ of tcp(7)).
pub(crate) fn unacknowledged(fd: BorrowedFd<'_>) -> Sys<usize> {
    let mut bytes: c_int = 0;
    // SAFETY: the request writes one int.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) })?;
    Ok(bytes.max(0) as usize)
}

/// The state of a TCP connection (TCP_INFO of tcp(7)).
fn tcp_info(fd: BorrowedFd<'_>) -> Sys<libc::tcp_info> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes.
    check(unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    })?;
    // SAFETY: it is plain numbers, for which zero is a value where the kernel wrote nothing.
    Ok(unsafe { info.assume_init() })
}

/// The bytes in the send queue that have not been transmitted (`tcpi_notsent_bytes` of TCP_INFO).
pub(crate) fn unsent(fd: BorrowedFd<'_>) -> Sys<usize> {
    Ok(tcp_info(fd)?.tcpi_notsent_bytes as usize)
}

/// Whether the peer may still send: it has neither ended its output nor reset the connection (TCP_INFO of tcp(7)).
pub(crate) fn peer_may_send(fd: BorrowedFd<'_>) -> bool {
    tcp_info(fd).is_ok_and(|info| STILL_RECEIVING.contains(&info.tcpi_state))
}

/// Aborts a connection with a reset, at once and for every process that has the descriptor (connect(2) to AF_UNSPEC). That
/// of a Unix domain socket is ended in both directions: what it has sent is in the peer's buffer already.
pub(crate) fn reset(fd: BorrowedFd<'_>) -> Sys<()> {
    match disconnect(fd) {
        Err(Errno(libc::EINVAL)) => {
            // SAFETY: the call takes numbers.
            check(unsafe { libc::shutdown(fd.as_raw_fd(), libc::SHUT_RDWR) }).map(drop)
        }
        other => other,
    }
}

/// socket(2), with SOCK_CLOEXEC.
#[inline(always)]
pub(crate) fn open(
    domain: Domain,
    kind: Type,
    protocol: Option<Protocol>,
    nonblocking: bool,
) -> Sys<socket2::Socket> {
    let kind = if nonblocking { kind.nonblocking() } else { kind };
    Ok(socket2::Socket::new(domain, kind, protocol)?)
}

/// accept4(2) with SOCK_CLOEXEC.
#[inline(always)]
pub(crate) fn accept(listener: &socket2::Socket, nonblocking: bool) -> Sys<(socket2::Socket, SockAddr)> {
    let mode = if nonblocking { libc::SOCK_NONBLOCK } else { 0 };
    Ok(listener.accept4(mode | libc::SOCK_CLOEXEC)?)
}
