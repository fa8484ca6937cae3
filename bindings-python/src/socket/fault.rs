//! How a call of the core that failed fails in Python: as that of the standard library.

use capsock::net::Fault;
use pyo3::exceptions::socket::timeout;
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError};
use pyo3::ffi;
use pyo3::prelude::*;

/// The exception: `timeout("timed out")`, or an OSError of the errno's class with its text.
pub(super) fn exception(py: Python<'_>, fault: Fault) -> PyErr {
    match fault {
        Fault::TimedOut => timeout::new_err("timed out"),
        Fault::Os(errno) => os_error(py, errno.0),
        // Closed, before the call or during it.
        Fault::Woken => os_error(py, libc::EBADF),
        // What a signal handler raised has been raised by now.
        Fault::Interrupted => PyKeyboardInterrupt::new_err(()),
    }
}

/// What errno is for a call that returns it.
pub(super) fn number(fault: Fault) -> Option<i32> {
    match fault {
        Fault::TimedOut => Some(libc::EAGAIN),
        Fault::Os(errno) => Some(errno.0),
        Fault::Woken => Some(libc::EBADF),
        Fault::Interrupted => None,
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
