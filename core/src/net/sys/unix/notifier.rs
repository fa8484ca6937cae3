//! Waking threads that wait for descriptors (pipe(2)).

use std::io::{PipeReader, PipeWriter};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use crate::net::sys::errno::{KeptErrno, Sys, check};

/// A descriptor that is readable from a notification until it is drained.
#[derive(Debug)]
pub(crate) struct Notifier {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Notifier {
    pub(crate) fn new() -> Sys<Notifier> {
        // Close-on-exec.
        let (reader, writer) = std::io::pipe()?;
        set_nonblocking(reader.as_fd())?;
        set_nonblocking(writer.as_fd())?;
        Ok(Notifier { reader, writer })
    }

    /// Async-signal-safe; leaves errno unchanged. A full pipe is no error: it is readable.
    pub(crate) fn notify(&self) {
        let _errno = KeptErrno::new();
        // SAFETY: one byte of a constant. The pipe has a reader, so there is no SIGPIPE.
        unsafe { libc::write(self.writer.as_raw_fd(), b"!".as_ptr().cast(), 1) };
    }

    pub(crate) fn drain(&self) {
        let mut buffer = [0u8; 64];
        // SAFETY: the buffer is writable for its length. The descriptor is non-blocking.
        while unsafe { libc::read(self.fd(), buffer.as_mut_ptr().cast(), buffer.len()) }
            == buffer.len() as isize
        {}
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.reader.as_raw_fd()
    }
}

impl AsFd for Notifier {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

fn set_nonblocking(fd: BorrowedFd<'_>) -> Sys<()> {
    // SAFETY: the calls take numbers.
    check(unsafe {
        let flags = libc::fcntl(fd.as_raw_fd(), libc::F_GETFL);
        libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK)
    })
    .map(drop)
}
