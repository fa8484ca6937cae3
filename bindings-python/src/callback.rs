//! Calls into Python from threads that may outlive the interpreter.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pyo3::ffi;
use pyo3::prelude::*;

static CLOSED: AtomicBool = AtomicBool::new(false);

/// The number of threads that are deleting their Python thread state.
static LEAVING: AtomicUsize = AtomicUsize::new(0);

/// How long [`close`] waits for them.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Refuses further calls from threads of servers, before the interpreter exits. Called without the GIL.
pub(crate) fn close() {
    CLOSED.store(true, Ordering::SeqCst);
    let end = Instant::now() + CLOSE_TIMEOUT;
    while LEAVING.load(Ordering::SeqCst) > 0 && Instant::now() < end {
        std::thread::yield_now();
    }
}

/// Runs `act` on a thread of a server with the GIL held; `None` if the interpreter exits.
///
/// PyO3 notices the exit only when finalization has begun, and a thread that attaches in between may find modules that
/// are gone. [`close`] is called before that.
pub(crate) fn attach<R>(act: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    if CLOSED.load(Ordering::SeqCst) {
        return None;
    }
    // SAFETY: it may be called at any time, with or without the GIL.
    let is_new = unsafe { ffi::PyGILState_GetThisThreadState() }.is_null();
    Python::try_attach(|py| {
        if is_new {
            THREAD_STATE.with(ThreadState::keep);
        }
        act(py)
    })
}

thread_local! {
    static THREAD_STATE: ThreadState = const { ThreadState(Cell::new(false)) };
}

/// Whether this thread keeps its Python thread state between calls. To create the state for each call would cost more
/// than the call, and a handler would lose its `threading.local` data.
struct ThreadState(Cell<bool>);

impl ThreadState {
    /// Called with the GIL held, on a thread whose state is new.
    fn keep(&self) {
        // SAFETY: the thread is attached. This is released when the thread ends, so the state outlives the attachment of
        // the caller, which releases the GIL all the same.
        unsafe { ffi::PyGILState_Ensure() };
        self.0.set(true);
    }
}

impl Drop for ThreadState {
    fn drop(&mut self) {
        if !self.0.get() {
            return;
        }
        // Either `close` waits for this thread, or this thread sees that it has been called.
        LEAVING.fetch_add(1, Ordering::SeqCst);
        if !CLOSED.load(Ordering::SeqCst) {
            // SAFETY: the thread is attached, and this undoes `keep`, once; `try_attach` deletes the state when it
            // detaches.
            Python::try_attach(|_| unsafe {
                ffi::PyGILState_Release(ffi::PyGILState_STATE::PyGILState_LOCKED)
            });
        }
        LEAVING.fetch_sub(1, Ordering::SeqCst);
    }
}
