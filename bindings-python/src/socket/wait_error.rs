//! Turns the errors of the core's socket calls into the exceptions of the standard library's sockets.

use capsock::net::WaitError;
#[cfg(target_os = "linux")]
use libc::__errno_location as errno_location;
#[cfg(any(target_os = "macos", target_os = "freebsd"))]
use libc::__error as errno_location;
use pyo3::exceptions::socket::timeout;
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError};
use pyo3::ffi;
use pyo3::prelude::*;

/// `timeout("timed out")`, or an OSError of the errno's class with its text.
pub(super) fn exception(py: Python<'_>, error: WaitError) -> PyErr {
    match error {
        WaitError::TimedOut => timeout::new_err("timed out"),
        WaitError::Os(errno) => os_error(py, errno.0),
        // The socket was closed, before the call or during it.
        WaitError::Woken => os_error(py, libc::EBADF),
        // `blocking` has raised the exception of the signal handler already.
        WaitError::Interrupted => PyKeyboardInterrupt::new_err(()),
    }
}

/// The errno that connect_ex() returns; `None` where it raises.
pub(super) fn errno(error: WaitError) -> Option<i32> {
    match error {
        WaitError::TimedOut => Some(libc::EAGAIN),
        WaitError::Os(errno) => Some(errno.0),
        WaitError::Woken => Some(libc::EBADF),
        WaitError::Interrupted => None,
    }
}

/// OSError(errno, text), with Python's text for the number.
pub(super) fn os_error(py: Python<'_>, errno: i32) -> PyErr {
    // SAFETY: errno is this thread's own, the GIL is held, and the class is a reference that the interpreter holds.
    unsafe {
        *errno_location() = errno;
        ffi::PyErr_SetFromErrno(py.get_type::<PyOSError>().as_ptr());
    }
    PyErr::fetch(py)
}
