//! The Python object that the calls report to while hints are wanted. What is worth a hint, `hints` decides; what it
//! says, the object.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::history::StallReason;

static ENABLED: AtomicBool = AtomicBool::new(false);
static OBSERVER: Mutex<Option<Py<PyAny>>> = Mutex::new(None);

/// The stall reasons that have been reported, a bit each.
static REPORTED_STALLS: AtomicU8 = AtomicU8::new(0);

/// Has the calls report to an object's methods failed(), cut(), left(), padded(), received() and stalled(); None
/// switches the reports off.
#[pyfunction]
#[pyo3(signature = (observer, /))]
pub(crate) fn _set_hints(observer: Option<Py<PyAny>>) {
    ENABLED.store(observer.is_some(), Ordering::Relaxed);
    let _before = std::mem::replace(&mut *OBSERVER.lock().unwrap_or_else(PoisonError::into_inner), observer);
}

pub(super) fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// Calls a method of the observer. An exception that it raises does not reach the program: it is written to
/// sys.unraisablehook.
pub(super) fn notify<'py, A>(py: Python<'py>, method: &str, args: A)
where
    A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
{
    // The lock is not held during the call, in which another thread may report something.
    let observer =
        OBSERVER.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|one| one.clone_ref(py));
    let Some(observer) = observer else { return };
    let returned = args.into_pyobject(py).and_then(|args| observer.bind(py).call_method1(method, args));
    if let Err(raised) = returned {
        raised.write_unraisable(py, None);
    }
}

/// Whether a stall for this reason has been reported: each is reported once.
pub(super) fn has_reported(reason: StallReason) -> bool {
    REPORTED_STALLS.load(Ordering::Relaxed) & (1 << reason as u8) != 0
}

/// A receive has waited for long.
pub(super) fn report_stall(py: Python<'_>, reason: StallReason, call: &'static str) {
    REPORTED_STALLS.fetch_or(1 << reason as u8, Ordering::Relaxed);
    notify(py, "stalled", (reason.name(), call));
}
