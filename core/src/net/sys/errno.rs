//! Error numbers (errno(3)).

use std::ffi::c_int;
use std::{fmt, io};

use crate::error::describe;
#[cfg(windows)]
use crate::net::sys::set_errno;
use crate::netc;

/// A system call's error number (errno(3)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub i32);

impl Errno {
    pub(crate) fn last() -> Errno {
        Errno::from(io::Error::last_os_error())
    }

    /// A call without blocking reports that it would have to wait, or that its connect goes on.
    pub(crate) fn is_not_yet(self) -> bool {
        [netc::EAGAIN, netc::EINPROGRESS, netc::EALREADY].contains(&self.0)
    }

    /// The error of a call on a datagram socket of a client. Windows reports the refusal of a datagram by the number of a
    /// reset.
    pub(crate) fn of_datagram(self) -> Errno {
        if cfg!(windows) && self.0 == netc::ECONNRESET { Errno(netc::ECONNREFUSED) } else { self }
    }

    /// The call would have had to wait.
    pub(crate) fn would_block(self) -> bool {
        self.0 == netc::EAGAIN
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe(self.0))
    }
}

impl std::error::Error for Errno {}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Errno {
        Errno(error.raw_os_error().unwrap_or(netc::EIO))
    }
}

pub(super) type Sys<T> = Result<T, Errno>;

pub(super) fn check(result: c_int) -> Sys<c_int> {
    if result < 0 { Err(Errno::last()) } else { Ok(result) }
}

#[cfg(unix)]
pub(super) fn check_size(result: isize) -> Sys<usize> {
    usize::try_from(result).map_err(|_| Errno::last())
}

/// Restores the thread's errno when it is dropped.
pub(crate) struct KeptErrno(i32);

impl KeptErrno {
    pub(crate) fn new() -> KeptErrno {
        KeptErrno(Errno::last().0)
    }
}

impl Drop for KeptErrno {
    fn drop(&mut self) {
        set_errno(self.0);
    }
}

/// Sets the thread's errno.
#[cfg(unix)]
fn set_errno(errno: i32) {
    // SAFETY: errno is this thread's own; the calls take nothing.
    unsafe {
        #[cfg(target_os = "linux")]
        let location = libc::__errno_location();
        #[cfg(not(target_os = "linux"))]
        let location = libc::__error();
        *location = errno;
    }
}
