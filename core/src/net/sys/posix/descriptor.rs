//! Descriptors that are not sockets: reading and closing.

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

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

/// close(2), whose report a dropped descriptor would lose. The descriptor is gone whatever that is.
///
/// # Safety
/// The descriptor is the caller's to close, and nothing uses it again.
pub(crate) unsafe fn close_number(fd: RawFd) -> Sys<()> {
    // SAFETY: by this function's contract.
    check(unsafe { libc::close(fd) }).map(drop)
}
