//! Descriptors that are not sockets: reading, closing, and events (eventfd(2)).

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use super::errno::{KeptErrno, Sys, check, check_size};

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

/// eventfd(2), non-blocking.
pub(crate) fn eventfd() -> Sys<OwnedFd> {
    // SAFETY: no pointers are passed.
    let fd = check(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
    // SAFETY: the call returned a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Adds 1 to an eventfd. Async-signal-safe; leaves errno unchanged. A full counter is no error: it is readable.
pub(crate) fn signal_eventfd(fd: BorrowedFd<'_>) {
    let _errno = KeptErrno::new();
    let one = 1u64;
    // SAFETY: `one` is valid for its 8 bytes.
    unsafe { libc::write(fd.as_raw_fd(), (&raw const one).cast(), size_of::<u64>()) };
}

/// Resets an eventfd to zero.
pub(crate) fn drain_eventfd(fd: BorrowedFd<'_>) {
    let mut count = 0u64;
    // SAFETY: the counter's 8 bytes are writable. The descriptor is non-blocking.
    unsafe { libc::read(fd.as_raw_fd(), (&raw mut count).cast(), size_of::<u64>()) };
}
