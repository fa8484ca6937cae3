//! Calls of the core that can block: without the GIL, ended by what a signal handler raises.
//!
//! The core reports a signal to its caller by asking [`interrupted`], on the calling thread. What
//! Python raised there, or inside a file object during a copy, waits in a slot of that thread
//! until the core has returned, and is then what the call raises.

use std::cell::RefCell;

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
    let result = py.detach(call);
    match RAISED.take() {
        Some(raised) => Err(raised.into()),
        None => Ok(result?),
    }
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
