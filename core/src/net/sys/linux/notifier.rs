//! Waking threads that wait for descriptors (eventfd(2)).

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::net::sys::errno::{KeptErrno, Sys, check};

/// A descriptor that is readable from a notification until it is drained.
#[derive(Debug)]
pub(crate) struct Notifier(OwnedFd);

impl Notifier {
    pub(crate) fn new() -> Sys<Notifier> {
        // SAFETY: no pointers are passed.
        let fd = check(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        // SAFETY: the call returned a new descriptor that nobody else owns.
        Ok(Notifier(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Async-signal-safe; leaves errno unchanged. A full counter is no error: it is readable.
    pub(crate) fn notify(&self) {
        let _errno = KeptErrno::new();
        let one = 1u64;
        // SAFETY: `one` is valid for its 8 bytes.
        unsafe { libc::write(self.fd(), (&raw const one).cast(), size_of::<u64>()) };
    }

    pub(crate) fn drain(&self) {
        let mut count = 0u64;
        // SAFETY: the counter's 8 bytes are writable. The descriptor is non-blocking.
        unsafe { libc::read(self.fd(), (&raw mut count).cast(), size_of::<u64>()) };
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for Notifier {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
