//! Unix.

use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd, RawFd};

use capsock::net::BlockingSocket;
#[cfg(target_os = "linux")]
use libc::__errno_location as errno_location;
#[cfg(any(target_os = "macos", target_os = "freebsd"))]
use libc::__error as errno_location;
pub(crate) use libc::{
    AF_INET, AF_INET6, EAGAIN, EBADF, ECONNRESET, EINVAL, MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, MSG_WAITALL,
    SOCK_DGRAM, SOMAXCONN,
};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::{PyTypeInfo, ffi};

// The bit in a socket's type that sets O_NONBLOCK. macOS has none.
#[cfg(not(target_os = "macos"))]
pub(crate) use libc::SOCK_NONBLOCK;
#[cfg(target_os = "macos")]
pub(crate) const SOCK_NONBLOCK: i32 = 0;

/// The flag with which a receive returns the length of a datagram that is longer than the buffer.
pub(crate) const RETURN_LENGTH: i32 = MSG_TRUNC;

/// What `__main__.py` of a package has before its name in a path.
pub(crate) const MAIN_FILES: &[&str] = &["/__main__.py"];

/// The number of a socket, as `fileno()` returns it.
pub(crate) type Fileno = RawFd;

/// The number of a descriptor.
pub(crate) fn fileno_of(fd: RawFd) -> Fileno {
    fd
}

/// The number of a descriptor, which the caller owns from now on.
pub(crate) fn into_fileno(fd: OwnedFd) -> Fileno {
    fd.into_raw_fd()
}

/// The descriptor of that number; `None` for a negative number.
///
/// # Safety
/// The descriptor is open, and the caller decides what closes it.
pub(crate) unsafe fn descriptor(fileno: Fileno) -> Option<OwnedFd> {
    // SAFETY: the number is not negative; by this function's contract.
    (fileno >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fileno) })
}

/// Whether a socket whose local address cannot be read may be one of the core's.
pub(crate) fn may_lack_an_address(_errno: i32) -> bool {
    false
}

/// After `_socket.socket` has set O_NONBLOCK of a descriptor, or cleared it: the core finds it there.
pub(crate) fn mode_has_changed(_socket: &BlockingSocket, _nonblocking: bool) {}

/// Finds datagrams that were longer than the buffer: by [`RETURN_LENGTH`] the system tells their lengths.
pub(crate) struct Truncation;

impl Truncation {
    /// Whether the length is that of the datagram.
    pub(crate) const TELLS_LENGTH: bool = true;

    /// Called before a receive.
    pub(crate) fn watch() -> Truncation {
        Truncation
    }

    /// The length of what a receive got into a buffer of `size` bytes, more than that if it was cut.
    pub(crate) fn length(&self, received: usize, _size: usize) -> usize {
        received
    }

    /// The exception for a datagram that was cut: there is none.
    pub(crate) fn error(_: Python<'_>) -> Option<PyErr> {
        None
    }
}

/// OSError(errno, text), with Python's text for the number.
pub(crate) fn os_error(py: Python<'_>, errno: i32) -> PyErr {
    // SAFETY: errno is this thread's own, the GIL is held, and the class is a reference that the interpreter holds.
    unsafe {
        *errno_location() = errno;
        ffi::PyErr_SetFromErrno(py.get_type::<PyOSError>().as_ptr());
    }
    PyErr::fetch(py)
}

/// An exception of OSError or a class under it: (errno, text).
pub(crate) fn os_error_with_text<T: PyTypeInfo>(errno: i32, text: String) -> PyErr {
    PyErr::new::<T, _>((errno, text))
}

/// Blocks all signals in this thread: they are for the threads of the program.
pub(crate) fn block_signals() {
    // SAFETY: the set is written by sigfillset before it is used, and the mask is this thread's own.
    unsafe {
        let mut all = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
    }
}

/// The interpreter of this thread; `None` if it is unknown.
#[inline]
pub(crate) fn interpreter(_: Python<'_>) -> Option<*mut ffi::PyInterpreterState> {
    // SAFETY: the GIL is held, so this thread has its state.
    Some(unsafe { ffi::PyInterpreterState_Get() })
}
