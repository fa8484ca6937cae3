//! Locks of files (flock(2)).

use std::os::fd::{AsRawFd, BorrowedFd};

use crate::net::sys::errno::{Sys, check};

/// flock(2), exclusive and without blocking, of a directory: the close of its last descriptor releases it.
pub(crate) fn lock_directory(directory: BorrowedFd<'_>) -> Sys<()> {
    // SAFETY: the call takes numbers.
    check(unsafe { libc::flock(directory.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) }).map(drop)
}
