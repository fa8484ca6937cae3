//! The associations of sockets (connect(2)), and the state of TCP connections.

use std::ffi::c_int;
use std::mem;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, SockRef, Type};

use crate::net::sys::buffer::uninit;
use crate::net::sys::errno::{Errno, Sys, check};
use crate::netc;

/// socket(2), close-on-exec.
pub(crate) fn open(
    domain: Domain,
    kind: Type,
    protocol: Option<Protocol>,
    nonblocking: bool,
) -> Sys<socket2::Socket> {
    let socket = socket2::Socket::new(domain, kind, protocol)?;
    socket.set_nonblocking(nonblocking)?;
    Ok(socket)
}

/// accept(2), close-on-exec. Some systems hand the listener's O_NONBLOCK on to the socket; here it has its own.
pub(crate) fn accept(listener: &socket2::Socket, nonblocking: bool) -> Sys<(socket2::Socket, SockAddr)> {
    let (socket, address) = match listener.accept().map_err(Errno::from) {
        // On macOS no option of a connection that was reset since can be set.
        Err(Errno(netc::EINVAL)) if cfg!(target_vendor = "apple") && is_listening(listener) => {
            return Err(Errno(netc::ECONNABORTED));
        }
        other => other?,
    };
    socket.set_nonblocking(nonblocking)?;
    Ok((socket, address))
}

/// Whether listen(2) was called (SO_ACCEPTCONN).
fn is_listening(socket: &socket2::Socket) -> bool {
    let mut value = [0; size_of::<c_int>()];
    crate::net::sys::get_option_bytes(socket.as_fd(), libc::SOL_SOCKET, libc::SO_ACCEPTCONN, &mut value)
        .is_ok()
        && c_int::from_ne_bytes(value) != 0
}

/// connect(2) to AF_UNSPEC: dissolves the association of a datagram socket. BSD systems do it and report EAFNOSUPPORT.
pub(crate) fn disconnect(fd: BorrowedFd<'_>) -> Sys<()> {
    // SAFETY: a sockaddr is plain numbers, for which zero is a value.
    let mut nowhere: libc::sockaddr = unsafe { mem::zeroed() };
    nowhere.sa_family = libc::AF_UNSPEC as libc::sa_family_t;
    let length = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: the address is readable for its length.
    match check(unsafe { libc::connect(fd.as_raw_fd(), &raw const nowhere, length) }) {
        Err(Errno(netc::EAFNOSUPPORT)) if cfg!(not(target_os = "linux")) => Ok(()),
        other => other.map(drop),
    }
}

/// Aborts a connection with a reset, which the close of its last descriptor sends (SO_LINGER with a time of zero). Another
/// thread may use this descriptor, so it becomes that of a socket without a connection (dup2(2)); receives that are blocked
/// end.
pub(crate) fn reset(fd: BorrowedFd<'_>) -> Sys<()> {
    let socket = SockRef::from(&fd);
    socket.set_linger(Some(Duration::ZERO))?;
    let _ = socket.shutdown(Shutdown::Read);
    let unconnected = open(Domain::IPV4, Type::STREAM, None, true)?;
    // SAFETY: the calls take numbers; the descriptor stays open and its owner's.
    check(unsafe {
        libc::dup2(unconnected.as_raw_fd(), fd.as_raw_fd());
        libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC)
    })
    .map(drop)
}

/// The bytes that a TCP socket has sent and the peer has not acknowledged.
pub(crate) fn unacknowledged(fd: BorrowedFd<'_>) -> Sys<usize> {
    let mut bytes: c_int = 0;
    #[cfg(target_vendor = "apple")]
    {
        let value = bytes_of(&mut bytes);
        crate::net::sys::get_option_bytes(fd, libc::SOL_SOCKET, libc::SO_NWRITE, value)?;
    }
    #[cfg(not(target_vendor = "apple"))]
    {
        #[cfg(target_os = "linux")]
        const REQUEST: libc::c_ulong = libc::TIOCOUTQ as libc::c_ulong;
        /// FIONWRITE of sys/filio.h: _IOR('f', 119, int).
        #[cfg(not(target_os = "linux"))]
        const REQUEST: libc::c_ulong = 0x4004_6677;
        // SAFETY: the request writes one int.
        check(unsafe { libc::ioctl(fd.as_raw_fd(), REQUEST as _, &raw mut bytes) })?;
    }
    Ok(bytes.max(0) as usize)
}

#[cfg(target_vendor = "apple")]
fn bytes_of(number: &mut c_int) -> &mut [u8] {
    // SAFETY: every byte of an int may be read and written.
    unsafe { std::slice::from_raw_parts_mut(std::ptr::from_mut(number).cast(), size_of::<c_int>()) }
}

/// The bytes that have not been transmitted, at most: those that the peer has not acknowledged, where the system does not
/// tell these apart.
pub(crate) fn unsent(fd: BorrowedFd<'_>) -> Sys<usize> {
    if cfg!(not(target_os = "linux")) {
        return unacknowledged(fd);
    }
    /// SIOCOUTQNSD of linux/sockios.h. Unlike SIOCOUTQ it does not count the end of the output, nor do BSD systems.
    const REQUEST: libc::c_ulong = 0x894B;
    let mut bytes: c_int = 0;
    // SAFETY: the request writes one int.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), REQUEST as _, &raw mut bytes) })?;
    Ok(bytes.max(0) as usize)
}

/// recv(2).
#[inline(always)]
pub(crate) fn receive(socket: &socket2::Socket, buffer: &mut [u8], flags: c_int) -> Sys<usize> {
    Ok(socket.recv_with_flags(uninit(buffer), flags)?)
}

/// recvfrom(2). A connected stream has no sender's address.
#[inline(always)]
pub(crate) fn receive_from(
    socket: &socket2::Socket,
    buffer: &mut [u8],
    flags: c_int,
) -> Sys<(usize, Option<SocketAddr>)> {
    let (count, address) = socket.recv_from_with_flags(uninit(buffer), flags)?;
    Ok((count, address.as_socket()))
}

/// sendto(2), with MSG_NOSIGNAL.
#[inline(always)]
pub(crate) fn send_to(
    socket: &socket2::Socket,
    bytes: &[u8],
    address: &SocketAddr,
    flags: c_int,
) -> Sys<usize> {
    Ok(socket.send_to_with_flags(bytes, &SockAddr::from(*address), flags | netc::MSG_NOSIGNAL)?)
}

/// send(2), without SIGPIPE. For MSG_MORE, which few systems have, the socket keeps an incomplete segment from now on until
/// its output ends (TCP_NOPUSH of tcp(4)).
#[inline(always)]
pub(crate) fn send(socket: &socket2::Socket, bytes: &[u8], flags: c_int) -> Sys<usize> {
    #[cfg(target_os = "linux")]
    const KEEP: c_int = libc::TCP_CORK;
    #[cfg(not(target_os = "linux"))]
    const KEEP: c_int = libc::TCP_NOPUSH;
    if flags & netc::MSG_MORE != 0 {
        // Without it there are two segments.
        let _ = crate::net::sys::set_option(socket.as_fd(), libc::IPPROTO_TCP, KEEP, 1);
    }
    Ok(socket.send_with_flags(bytes, flags & !netc::MSG_MORE | netc::MSG_NOSIGNAL)?)
}

/// Whether the peer may still send: it has neither ended its output nor reset the connection.
pub(crate) fn peer_may_send(fd: BorrowedFd<'_>) -> bool {
    /// Established, and the two states in which this end has ended its output.
    #[cfg(target_os = "linux")]
    const STILL_RECEIVING: [u8; 3] = [1, 4, 5];
    /// TCPS_ESTABLISHED, TCPS_FIN_WAIT_1 and TCPS_FIN_WAIT_2 of netinet/tcp_fsm.h.
    #[cfg(not(target_os = "linux"))]
    const STILL_RECEIVING: [u8; 3] = [4, 6, 9];
    /// Its first byte is the state of the connection.
    #[cfg(not(target_vendor = "apple"))]
    const INFO: c_int = libc::TCP_INFO;
    #[cfg(target_vendor = "apple")]
    const INFO: c_int = libc::TCP_CONNECTION_INFO;

    let mut info = [0u8; 512];
    crate::net::sys::get_option_bytes(fd, libc::IPPROTO_TCP, INFO, &mut info)
        .is_ok_and(|length| length > 0 && STILL_RECEIVING.contains(&info[0]))
}
