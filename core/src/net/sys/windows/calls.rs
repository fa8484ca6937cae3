//! The calls of a socket, which never block: the flags that POSIX has for that are taken away here.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::windows::io::AsRawSocket;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket2::{SockAddr, Socket};
use windows_sys::Win32::Networking::WinSock::{
    SIO_UDP_CONNRESET, SO_EXCLUSIVEADDRUSE, SO_PROTOCOL_INFOW, SOCKET, WSAIoctl, WSAPROTOCOL_INFOW,
    getsockopt, recv, recvfrom,
};

use super::address::address_at;
use super::options::set_option;
use crate::net::sys::errno::{Errno, Sys, check};
use crate::net::sys::fd::AsFd;
use crate::netc;

/// Whether a call blocks on a socket without FIONBIO: all have it.
pub(crate) const CALLS_BLOCK: bool = false;

/// Whether a reset comes before the close of the socket.
pub(crate) const RESETS_AT_ONCE: bool = false;

/// How often a wait calls the host's hook, since no signal interrupts it.
pub(crate) const HOOK_INTERVAL: Option<Duration> = Some(Duration::from_millis(100));

/// Whether calls block. Every socket has FIONBIO set, and Winsock has no call that reads it.
#[derive(Debug)]
pub(crate) struct Mode(AtomicBool);

impl Mode {
    pub(crate) fn of_new(nonblocking: bool) -> Mode {
        Mode(AtomicBool::new(nonblocking))
    }

    /// That of a socket of the host's, which from now on does not block: the library does.
    pub(crate) fn of_adopted(socket: &Socket) -> Mode {
        let _ = socket.set_nonblocking(true);
        Mode::of_new(false)
    }

    #[allow(clippy::unnecessary_wraps, reason = "that of Unix can fail")]
    pub(crate) fn is_nonblocking(&self, _socket: &Socket) -> Sys<bool> {
        Ok(self.0.load(Ordering::Relaxed))
    }

    /// Sets FIONBIO again, since the host may have cleared it by the socket's number.
    pub(crate) fn set(&self, socket: &Socket, nonblocking: bool) -> Sys<()> {
        socket.set_nonblocking(true)?;
        self.0.store(nonblocking, Ordering::Relaxed);
        Ok(())
    }

    /// Before the socket is the host's again, which expects it in this mode.
    pub(crate) fn hand_over(&self, socket: &Socket) {
        let _ = socket.set_nonblocking(self.0.load(Ordering::Relaxed));
    }
}

/// Whether its addresses are IPv6 (SO_PROTOCOL_INFOW): a socket that is not bound has no local address.
pub(crate) fn is_ipv6(socket: &Socket) -> Sys<bool> {
    let mut info = MaybeUninit::<WSAPROTOCOL_INFOW>::zeroed();
    let mut length = size_of::<WSAPROTOCOL_INFOW>() as c_int;
    // SAFETY: the value is writable for its length; it is plain numbers, for which zero is a value.
    let info = unsafe {
        let value = info.as_mut_ptr().cast();
        check(getsockopt(number(socket), netc::SOL_SOCKET, SO_PROTOCOL_INFOW, value, &raw mut length))?;
        info.assume_init()
    };
    match info.iAddressFamily {
        netc::AF_INET => Ok(false),
        netc::AF_INET6 => Ok(true),
        _ => Err(Errno(netc::EAFNOSUPPORT)),
    }
}

/// The flags that Winsock knows.
pub(super) fn without_own_flags(flags: c_int) -> c_int {
    flags & !(netc::MSG_DONTWAIT | netc::MSG_MORE | netc::MSG_TRUNC)
}

pub(super) fn number(socket: &Socket) -> SOCKET {
    socket.as_raw_socket() as SOCKET
}

/// A buffer's length as Winsock takes it: a longer one is filled up to there.
fn length_of(buffer: &[u8]) -> c_int {
    c_int::try_from(buffer.len()).unwrap_or(c_int::MAX)
}

/// The result of a receive. A datagram that is longer than the buffer fills it and is cut, as on other systems; Winsock
/// reports that as an error (WSAEMSGSIZE), and not its length: with MSG_TRUNC, the length is one more than the buffer's.
pub(super) fn received(result: Sys<c_int>, room: usize, flags: c_int) -> Sys<usize> {
    match result {
        Ok(count) => Ok(count as usize),
        Err(Errno(netc::EMSGSIZE)) => Ok(room + usize::from(flags & netc::MSG_TRUNC != 0)),
        // After a shutdown of the input the stream has ended.
        Err(Errno(netc::EPIPE)) => Ok(0),
        Err(errno) => Err(errno),
    }
}

/// recv.
pub(crate) fn receive(socket: &Socket, buffer: &mut [u8], flags: c_int) -> Sys<usize> {
    let (at, length) = (buffer.as_mut_ptr(), length_of(buffer));
    // SAFETY: the buffer is writable for its length.
    let result = check(unsafe { recv(number(socket), at, length, without_own_flags(flags)) });
    received(result, buffer.len(), flags)
}

/// recvfrom. A connected stream has no sender's address.
pub(crate) fn receive_from(
    socket: &Socket,
    buffer: &mut [u8],
    flags: c_int,
) -> Sys<(usize, Option<SocketAddr>)> {
    let mut name = MaybeUninit::<netc::sockaddr_storage>::zeroed();
    let mut name_length = size_of::<netc::sockaddr_storage>() as c_int;
    let (at, length) = (buffer.as_mut_ptr(), length_of(buffer));
    // SAFETY: the buffer and the name are writable for their lengths.
    let result = check(unsafe {
        recvfrom(
            number(socket),
            at,
            length,
            without_own_flags(flags),
            name.as_mut_ptr().cast(),
            &raw mut name_length,
        )
    });
    let count = received(result, buffer.len(), flags)?;
    // SAFETY: the storage was zero before, which is an address of no family.
    Ok((count, unsafe { address_at(name.as_ptr(), name_length) }))
}

/// send.
pub(crate) fn send(socket: &Socket, bytes: &[u8], flags: c_int) -> Sys<usize> {
    Ok(socket.send_with_flags(bytes, without_own_flags(flags))?)
}

/// sendto.
pub(crate) fn send_to(socket: &Socket, bytes: &[u8], address: &SocketAddr, flags: c_int) -> Sys<usize> {
    Ok(socket.send_to_with_flags(bytes, &SockAddr::from(*address), without_own_flags(flags))?)
}

/// How a connect ended, whose socket is writable (SO_ERROR): a second connect would begin another one.
pub(crate) fn connect_result(socket: &Socket, _again: impl FnOnce() -> Sys<()>) -> Sys<()> {
    match socket.take_error()? {
        Some(error) => Err(Errno::from(error)),
        None => Ok(()),
    }
}

/// Keeps others from binding the server's port (SO_EXCLUSIVEADDRUSE). SO_REUSEADDR would let them take it, and is not
/// needed: connections in TIME_WAIT do not keep a port.
pub(crate) fn reuse_address(socket: &Socket) -> Sys<()> {
    set_option(socket.as_fd(), netc::SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1)
}

/// Before the bind of a server's UDP socket: keeps refusals of what was sent from failing later receives, and others
/// from binding its port. A system that does not know how reports no refusals.
pub(crate) fn prepare_to_serve(socket: &Socket) {
    let _ = reuse_address(socket);
    let _ = ignore_refusals(socket);
}

/// SIO_UDP_CONNRESET, off.
pub(super) fn ignore_refusals(socket: &Socket) -> Sys<()> {
    let (no, mut returned) = (0u32, 0u32);
    // SAFETY: the request reads one number.
    check(unsafe {
        WSAIoctl(
            number(socket),
            SIO_UDP_CONNRESET,
            (&raw const no).cast(),
            size_of::<u32>() as u32,
            ptr::null_mut(),
            0,
            &raw mut returned,
            ptr::null_mut(),
            None,
        )
    })
    .map(drop)
}
