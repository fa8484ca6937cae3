//! The interpreter's exit, which stops the servers that still run, and the check that it is the main interpreter.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::callback;
use crate::system::interpreter;

/// How long requests in progress may take when the interpreter exits.
const GRACE: Duration = Duration::from_secs(1);

// Locked only by an attached thread, and unlocked before the thread runs Python code or detaches, so that a fork finds it
// unlocked.
static LIVING: Mutex<Vec<Weak<capsock::Server>>> = Mutex::new(Vec::new());

/// Has the server stopped at exit, if it still exists then.
pub(crate) fn remember(server: &Arc<capsock::Server>) {
    let mut living = LIVING.lock().unwrap_or_else(PoisonError::into_inner);
    living.retain(|server| server.strong_count() > 0);
    living.push(Arc::downgrade(server));
}

/// Raises ImportError in a sub-interpreter: the objects that this library keeps belong to one interpreter, and its
/// threads attach to the main one.
pub(crate) fn refuse_subinterpreter(py: Python<'_>) -> PyResult<()> {
    let Some(interpreter) = interpreter(py) else { return Ok(()) };
    // SAFETY: the interpreter is that of this thread, which is attached.
    match unsafe { ffi::PyInterpreterState_GetID(interpreter) } {
        0 => Ok(()),
        id if id < 0 => Err(PyErr::fetch(py)),
        _ => Err(PyImportError::new_err(
            "capsock works in the main interpreter alone, and this is a sub-interpreter",
        )),
    }
}

/// Makes Python call [`stop_all`] before it takes itself down.
pub(crate) fn register(py: Python<'_>) -> PyResult<()> {
    py.import("atexit")?.call_method1("register", (wrap_pyfunction!(stop_all, py)?,))?;
    Ok(())
}

#[pyfunction]
fn stop_all(py: Python<'_>) {
    let living = std::mem::take(&mut *LIVING.lock().unwrap_or_else(PoisonError::into_inner));
    py.detach(|| {
        let servers: Vec<_> = living.iter().filter_map(Weak::upgrade).collect();
        servers.iter().for_each(|server| server.request_stop());
        let deadline = Instant::now() + GRACE;
        for server in servers {
            // It fails only in a forked child, in which the server does not run.
            let _ = server.stop(deadline.saturating_duration_since(Instant::now()));
        }
        callback::close();
    });
}
