//! Calls from threads that may outlive the interpreter into Python.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Lets no thread of a server into Python any more: the interpreter is about to exit.
pub(crate) fn close() {
    CLOSED.store(true, Ordering::SeqCst);
}

/// Runs `act` on a thread of a server with the GIL held; `None` if the interpreter exits.
///
/// Whether it does is asked long before it takes itself down: PyO3 can look only once it has begun,
/// and a thread that comes in just then may find it half gone.
pub(crate) fn attach<R>(act: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    if CLOSED.load(Ordering::SeqCst) { None } else { Python::try_attach(act) }
}

// The same function as `pyo3::ffi::PyObject_CallObject`, but declared as one that may unwind. PyO3
// itself calls other functions, so that the two declarations never meet in one unit of code.
unsafe extern "C-unwind" {
    fn PyObject_CallObject(callable: *mut ffi::PyObject, arguments: *mut ffi::PyObject)
    -> *mut ffi::PyObject;
}

/// Parks the thread for good if Python ends it inside a call.
///
/// Until 3.13 a thread that asks for the GIL while the interpreter exits is ended by pthread_exit,
/// which unwinds the stack; Rust would abort the process. From 3.14 on Python parks it itself.
struct ParkIfUnwound;

impl Drop for ParkIfUnwound {
    fn drop(&mut self) {
        while !std::thread::panicking() {
            std::thread::park();
        }
    }
}

/// Calls a Python callable from a thread that may outlive the interpreter.
pub(crate) fn call<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let guard = ParkIfUnwound;
    // SAFETY: both pointers are of objects that this function keeps alive, and `callable`'s
    // lifetime proves that the thread is attached.
    let result = unsafe { PyObject_CallObject(callable.as_ptr(), arguments.as_ptr()) };
    std::mem::forget(guard);
    // SAFETY: the function returns a new reference, or NULL with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(callable.py(), result) }
}
