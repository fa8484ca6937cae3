//! How a call of the core that failed fails in Python: as that of the standard library.

use capsock::net::WaitError;
use pyo3::exceptions::socket::timeout;
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError};
use pyo3::ffi;
use pyo3::prelude::*;

/// The exception: `timeout("timed out")`, or an OSError of the errno's class with its text.
pub(super) fn exception(py: Python<'_>, fault: WaitError) -> PyErr {
    match fault {
        WaitError::TimedOut => timeout::new_err("timed out"),
        WaitError::Os(errno) => os_error(py, errno.0),
        // Closed, before the call or during it.
        WaitError::Woken => os_error(py, libc::EBADF),
        // What a signal handler raised has been raised by now.
        WaitError::Interrupted => PyKeyboardInterrupt::new_err(()),
    }
}

/// What errno is for a call that returns it.
pub(super) fn number(fault: WaitError) -> Option<i32> {
    match fault {
        WaitError::TimedOut => Some(libc::EAGAIN),
        WaitError::Os(errno) => Some(errno.0),
        WaitError::Woken => Some(libc::EBADF),
        WaitError::Interrupted => None,
    }
}

/// OSError(errno, text), with the text that Python has for it.
pub(super) fn os_error(py: Python<'_>, errno: i32) -> PyErr {
    // SAFETY: errno is this thread's own, the GIL is held, and the class is a reference that the interpreter holds.
    unsafe {
        *libc::__errno_location() = errno;
        ffi::PyErr_SetFromErrno(py.get_type::<PyOSError>().as_ptr());
    }
    PyErr::fetch(py)
}
