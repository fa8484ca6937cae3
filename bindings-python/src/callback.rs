//! Calls from threads that may outlive the interpreter into Python.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pyo3::ffi;
use pyo3::prelude::*;

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Threads that are about to leave Python for good.
static LEAVING: AtomicUsize = AtomicUsize::new(0);

/// How long those have for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lets no thread of a server into Python any more: the interpreter is about to exit. Called without the GIL.
pub(crate) fn close() {
    CLOSED.store(true, Ordering::SeqCst);
    let end = Instant::now() + PATIENCE;
    while LEAVING.load(Ordering::SeqCst) > 0 && Instant::now() < end {
        std::thread::yield_now();
    }
}

/// Runs `act` on a thread of a server with the GIL held; `None` if the interpreter exits.
///
/// Whether it does is asked long before it takes itself down: PyO3 can look only once it has begun,
/// and a thread that comes in just then may find it half gone.
pub(crate) fn attach<R>(act: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    if CLOSED.load(Ordering::SeqCst) {
        return None;
    }
    // SAFETY: it may be asked at any time, with or without the GIL.
    let unknown = unsafe { ffi::PyGILState_GetThisThreadState() }.is_null();
    Python::try_attach(|py| {
        if unknown {
            KNOWN.with(Known::keep);
        }
        act(py)
    })
}

thread_local! {
    static KNOWN: Known = const { Known(Cell::new(false)) };
}

/// Whether Python keeps what it knows of this thread from one call to the next. To make that anew for each
/// call costs more than the call, and what a handler has in a `threading.local` would be gone with it.
struct Known(Cell<bool>);

impl Known {
    /// Called with the GIL held, on a thread that Python did not know before.
    fn keep(&self) {
        // SAFETY: the thread is attached. As this is not released before the thread ends, the thread's state stays
        // when whoever attached it lets go; the GIL is let go of then all the same.
        unsafe { ffi::PyGILState_Ensure() };
        self.0.set(true);
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        if !self.0.get() {
            return;
        }
        // Either the end of the interpreter waits for this, or it is seen here.
        LEAVING.fetch_add(1, Ordering::SeqCst);
        if !CLOSED.load(Ordering::SeqCst) {
            // SAFETY: the thread is attached, and this takes back what `keep` did, once; the state itself goes when
            // `try_attach` lets go.
            Python::try_attach(|_| unsafe {
                ffi::PyGILState_Release(ffi::PyGILState_STATE::PyGILState_LOCKED)
            });
        }
        LEAVING.fetch_sub(1, Ordering::SeqCst);
    }
}
