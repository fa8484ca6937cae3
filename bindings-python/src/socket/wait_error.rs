//! Turns the errors of the core's socket calls into the exceptions of the standard library's sockets.

use capsock::net::WaitError;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::exceptions::socket::timeout;
use pyo3::prelude::*;

use crate::system::{EAGAIN, EBADF, os_error};

/// `timeout("timed out")`, or an OSError of the errno's class with its text.
pub(super) fn exception(py: Python<'_>, error: WaitError) -> PyErr {
    match error {
        WaitError::TimedOut => timeout::new_err("timed out"),
        WaitError::Os(errno) => os_error(py, errno.0),
        // The socket was closed, before the call or during it.
        WaitError::Woken => os_error(py, EBADF),
        // `blocking` has raised the exception of the signal handler already.
        WaitError::Interrupted => PyKeyboardInterrupt::new_err(()),
    }
}

/// The errno that connect_ex() returns; `None` where it raises.
pub(super) fn errno(error: WaitError) -> Option<i32> {
    match error {
        WaitError::TimedOut => Some(EAGAIN),
        WaitError::Os(errno) => Some(errno.0),
        WaitError::Woken => Some(EBADF),
        WaitError::Interrupted => None,
    }
}
