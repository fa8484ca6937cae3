//! The types of descriptors in the header.

#[cfg(not(windows))]
use std::ffi::c_int;
#[cfg(windows)]
use std::ffi::c_void;

use capsock::net::fd::{NO_FD, RawFd};

/// The descriptor of a socket; on Windows a SOCKET.
#[cfg(not(windows))]
pub type capsock_fd = c_int;
/// The descriptor of a socket; elsewhere an int.
#[cfg(windows)]
pub type capsock_fd = usize;

/// A file that is read or written, by its descriptor; on Windows by its HANDLE.
#[cfg(not(windows))]
pub type capsock_file = c_int;
/// A file that is read or written, by its HANDLE (GetStdHandle, _get_osfhandle); elsewhere by its
/// descriptor.
#[cfg(windows)]
pub type capsock_file = *mut c_void;

/// The number of no socket: -1; on Windows INVALID_SOCKET.
pub(crate) const NO_SOCKET: capsock_fd = number_of(NO_FD);

/// A descriptor of the core's as the header has it.
pub(crate) const fn number_of(fd: RawFd) -> capsock_fd {
    fd as capsock_fd
}

/// What a copy does with a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Reading,
    Writing,
}
