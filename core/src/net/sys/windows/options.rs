//! Options and state of sockets that socket2 does not offer.

use std::ffi::c_int;
use std::os::windows::io::AsRawSocket;

use windows_sys::Win32::Networking::WinSock::{FIONREAD, SOCKET, getsockopt, ioctlsocket, setsockopt};

use crate::net::sys::errno::{Errno, Sys, check};
use crate::net::sys::fd::BorrowedFd;
use crate::netc;

fn length_of(value: &[u8]) -> Sys<c_int> {
    c_int::try_from(value.len()).map_err(|_| Errno(netc::EINVAL))
}

/// setsockopt with an int, for options that socket2 does not name.
pub(crate) fn set_option(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: c_int) -> Sys<()> {
    set_option_bytes(fd, level, name, &value.to_ne_bytes())
}

/// setsockopt with the bytes of the option's value.
pub(crate) fn set_option_bytes(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: &[u8]) -> Sys<()> {
    let (socket, length) = (fd.as_raw_socket() as SOCKET, length_of(value)?);
    // SAFETY: the value is readable for its length.
    check(unsafe { setsockopt(socket, level, name, value.as_ptr(), length) }).map(drop)
}

/// getsockopt into a buffer; returns the length of the value.
pub(crate) fn get_option_bytes(
    fd: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    value: &mut [u8],
) -> Sys<usize> {
    let (socket, mut length) = (fd.as_raw_socket() as SOCKET, length_of(value)?);
    // SAFETY: the buffer is writable for `length` bytes, and no more is written.
    check(unsafe { getsockopt(socket, level, name, value.as_mut_ptr(), &raw mut length) })?;
    Ok((length as usize).min(value.len()))
}

/// The bytes that a socket can receive now (FIONREAD); for UDP, those of the datagrams that are queued.
pub(crate) fn available(fd: BorrowedFd<'_>) -> Sys<usize> {
    let mut bytes = 0;
    // SAFETY: the request writes one number.
    check(unsafe { ioctlsocket(fd.as_raw_socket() as SOCKET, FIONREAD, &raw mut bytes) })?;
    Ok(bytes as usize)
}

/// There is no such signal.
pub(crate) fn prevent_sigpipe(_socket: &socket2::Socket) {}

/// The send buffer is long enough for any datagram.
#[allow(clippy::unnecessary_wraps, reason = "that of macOS can fail")]
pub(crate) fn take_long_datagrams(_socket: &socket2::Socket) -> Sys<()> {
    Ok(())
}
