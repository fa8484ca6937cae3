//! Descriptors that are not sockets: reading and closing.

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use crate::net::sys::errno::{Sys, check, check_size};

/// read(2) from a descriptor that is not a socket.
pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Sys<usize> {
    // SAFETY: the buffer is writable for its length.
    check_size(unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) })
}

/// close(2), whose report a dropped descriptor would lose. The descriptor is gone whatever that is.
///
/// # Safety
/// The descriptor is the caller's to close, and nothing uses it again.
pub(crate) unsafe fn close_number(fd: RawFd) -> Sys<()> {
    // SAFETY: by this function's contract.
    check(unsafe { libc::close(fd) }).map(drop)
}
