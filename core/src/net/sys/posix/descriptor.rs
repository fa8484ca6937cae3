//! Descriptors that are not sockets: reading, copying and closing.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::net::sys::errno::{Sys, check, check_size};

/// An input of the host's, which poll(2) waits for: a file, a pipe, a terminal.
pub(crate) struct PollableInput<'a>(BorrowedFd<'a>);

impl<'a> PollableInput<'a> {
    #[allow(clippy::unnecessary_wraps, reason = "that of Windows can fail")]
    pub(crate) fn new(input: BorrowedFd<'a>) -> Sys<PollableInput<'a>> {
        Ok(PollableInput(input))
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// read(2).
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Sys<usize> {
        // SAFETY: the buffer is writable for its length.
        check_size(unsafe { libc::read(self.fd(), buffer.as_mut_ptr().cast(), buffer.len()) })
    }
}

/// A copy of a descriptor that the host named by its number, with close-on-exec (F_DUPFD_CLOEXEC of fcntl(2)). A number
/// that is not open is EBADF.
pub(crate) fn copy_number(fd: RawFd) -> Sys<OwnedFd> {
    // SAFETY: the call takes any number, and makes a descriptor that nobody else has.
    unsafe {
        let copy = check(libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3))?;
        Ok(OwnedFd::from_raw_fd(copy))
    }
}

/// Sets close-on-exec (FD_CLOEXEC of fcntl(2)).
pub(crate) fn set_close_on_exec(fd: RawFd) -> Sys<()> {
    // SAFETY: the call takes any number.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) }).map(drop)
}

/// close(2), whose report a dropped descriptor would lose. The descriptor is gone whatever that is.
///
/// # Safety
/// The descriptor is the caller's to close, and nothing uses it again.
pub(crate) unsafe fn close_number(fd: RawFd) -> Sys<()> {
    // SAFETY: by this function's contract.
    check(unsafe { libc::close(fd) }).map(drop)
}
