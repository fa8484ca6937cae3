//! Calls of the core that can block: they release the GIL, and an exception of a signal handler ends them.
//!
//! After a signal, the core calls [`interrupted`] on the calling thread. An exception raised there, or by a file object
//! during a copy, is stored in a variable of the thread until the core has returned. The call then raises it.

use std::cell::RefCell;

use capsock::net::WaitError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::errors::Result;
use crate::symbols::{NEXT_THREAD, THREAD_HEAD};
use crate::system::interpreter;

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

/// As [`blocking`], for a socket call, whose error the caller translates. A stored exception takes precedence.
pub(crate) fn without_gil<T, F>(py: Python<'_>, call: F) -> PyResult<std::result::Result<T, WaitError>>
where
    T: Send,
    F: FnOnce() -> std::result::Result<T, WaitError> + Send,
{
    take_raised(py.detach(call))
}

/// Whether this is Python's only thread, which need not release the GIL for a call that does not block; false if the
/// interpreter cannot tell.
pub(crate) fn alone(py: Python<'_>) -> bool {
    let (Some(thread_head), Some(next_thread)) = (THREAD_HEAD.get(), NEXT_THREAD.get()) else {
        return false;
    };
    let Some(interpreter) = interpreter(py) else { return false };
    // SAFETY: the GIL is held, so this thread and the interpreter have their states, which stay as long as this runs.
    // The head of the list is compared and not looked into: it may be another thread's.
    unsafe {
        let own = ffi::PyThreadState_Get();
        thread_head(interpreter) == own && next_thread(own).is_null()
    }
}

/// Has a thread whose call is stepped wait without the GIL, which it has for calls that do not block.
pub(crate) fn step_without_gil() {
    capsock::trace::set_hold_hook(|wait| {
        // While the interpreter ends, no thread can be attached.
        if Python::try_attach(|py| py.detach(&mut *wait)).is_none() {
            wait();
        }
    });
}

fn take_raised<T>(result: T) -> PyResult<T> {
    RAISED.take().map_or(Ok(result), Err)
}

/// Has the blocking call of this thread raise `raised`.
pub(crate) fn raise_later(raised: PyErr) {
    RAISED.set(Some(raised));
}

/// Runs the signal handlers; returns whether one has raised, which ends the call. The core calls it after EINTR.
pub(crate) fn interrupted() -> bool {
    match Python::try_attach(|py| py.check_signals()) {
        Some(Err(raised)) => {
            raise_later(raised);
            true
        }
        Some(Ok(())) | None => false,
    }
}
