//! Options and state of sockets that socket2 does not offer (getsockopt(2), setsockopt(2), ioctl(2)).

use std::ffi::c_int;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::net::sys::errno::{Errno, Sys, check};

/// setsockopt(2) with an int, for options that socket2 does not name.
pub(crate) fn set_option(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: c_int) -> Sys<()> {
    // SAFETY: the value is an int and its size is given.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            size_of::<c_int>() as libc::socklen_t,
        )
    };
    check(result).map(drop)
}

/// setsockopt(2) with the bytes of the option's value.
pub(crate) fn set_option_bytes(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: &[u8]) -> Sys<()> {
    let length = libc::socklen_t::try_from(value.len()).map_err(|_| Errno(libc::EINVAL))?;
    // SAFETY: the value is readable for its length.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), length) }).map(drop)
}

/// getsockopt(2) into a buffer; returns the length of the value.
pub(crate) fn get_option_bytes(
    fd: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    value: &mut [u8],
) -> Sys<usize> {
    let mut length = libc::socklen_t::try_from(value.len()).map_err(|_| Errno(libc::EINVAL))?;
    // SAFETY: the buffer is writable for `length` bytes, and the kernel writes no more.
    check(unsafe {
        libc::getsockopt(fd.as_raw_fd(), level, name, value.as_mut_ptr().cast(), &raw mut length)
    })?;
    Ok((length as usize).min(value.len()))
}

/// The bytes that a socket can receive now (FIONREAD); for UDP, those of the next datagram.
pub(crate) fn available(fd: BorrowedFd<'_>) -> Sys<usize> {
    let mut bytes: c_int = 0;
    // SAFETY: the request writes one int.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut bytes) })?;
    Ok(bytes.max(0) as usize)
}

/// Keeps sends on a socket of the host's from raising SIGPIPE (SO_NOSIGPIPE), where no flag of a send does. It fails if
/// the peer has gone; a send then fails, too.
#[inline(always)]
pub(crate) fn prevent_sigpipe(_socket: &socket2::Socket) {
    #[cfg(target_vendor = "apple")]
    let _ = _socket.set_nosigpipe(true);
}

/// Makes the send buffer of a UDP socket long enough for any datagram. On macOS it is 9,216 bytes by default
/// (net.inet.udp.maxdgram), and a datagram with control messages has to be shorter than the buffer.
#[inline(always)]
pub(crate) fn take_long_datagrams(_socket: &socket2::Socket) -> Sys<()> {
    #[cfg(target_vendor = "apple")]
    {
        const LONGEST: usize = 65_535 + 1_024;
        if _socket.send_buffer_size()? < LONGEST {
            _socket.set_send_buffer_size(LONGEST)?;
        }
    }
    Ok(())
}
