//! Calls of the core that can block: without the GIL, ended by what a signal handler raises.
//!
//! The core reports a signal to its caller by asking [`interrupted`], on the calling thread. What
//! Python raised there, or inside a file object during a copy, waits in a slot of that thread
//! until the core has returned, and is then what the call raises.

use std::cell::RefCell;

use capsock::net::WaitError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::errors::Result;

thread_local! {
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Runs `call` while other Python threads run.
pub(crate) fn blocking<T, F>(py: Python<'_>, call: F) -> Result<T>
where
    T: Send,
    F: FnOnce() -> capsock::Result<T> + Send,
{
    match take_raised(py.detach(call)) {
        Ok(result) => Ok(result?),
        Err(raised) => Err(raised.into()),
    }
}

/// As [`blocking`], for a call on a socket, whose fault its caller translates. What was raised goes before it.
pub(crate) fn without_gil<T, F>(py: Python<'_>, call: F) -> PyResult<std::result::Result<T, WaitError>>
where
    T: Send,
    F: FnOnce() -> std::result::Result<T, WaitError> + Send,
{
    take_raised(py.detach(call))
}

/// Whether Python has no thread but this one, which then need not let go of the GIL for a call that does not block.
pub(crate) fn alone(_: Python<'_>) -> bool {
    // Exported by every Python from 3.9 on, though not part of its stable interface.
    unsafe extern "C" {
        fn PyInterpreterState_ThreadHead(
            interpreter: *mut ffi::PyInterpreterState,
        ) -> *mut ffi::PyThreadState;
        fn PyThreadState_Next(thread: *mut ffi::PyThreadState) -> *mut ffi::PyThreadState;
    }
    // SAFETY: the GIL is held, so this thread and the interpreter have their states, which stay as long as this runs.
    // The head of the list is compared and not looked into: it may be another thread's.
    unsafe {
        let own = ffi::PyThreadState_Get();
        PyInterpreterState_ThreadHead(ffi::PyInterpreterState_Get()) == own
            && PyThreadState_Next(own).is_null()
    }
}

fn take_raised<T>(result: T) -> PyResult<T> {
    RAISED.take().map_or(Ok(result), Err)
}

/// Makes `raised` the outcome of the blocking call that this thread is in.
pub(crate) fn raise_later(raised: PyErr) {
    RAISED.set(Some(raised));
}

/// The core's question after a signal: whether the call shall end.
pub(crate) fn interrupted() -> bool {
    match Python::try_attach(|py| py.check_signals()) {
        Some(Err(raised)) => {
            raise_later(raised);
            true
        }
        Some(Ok(())) | None => false,
    }
}
