//! The record of select(), poll() and epoll(), which the standard library calls.

use std::sync::{Mutex, PoisonError};

use capsock::net::{Errno, PollKind};
use capsock::trace::Descriptors;
use pyo3::prelude::*;

/// A wait for several descriptors that is being recorded.
#[pyclass(frozen, module = "capsock._native")]
pub(crate) struct PollSpan(Mutex<Option<capsock::net::PollSpan>>);

/// Before the call `select`, `poll` or `epoll_wait`; None without a recording. `fd` is that of the epoll instance.
#[pyfunction]
#[pyo3(signature = (call, fd, /))]
pub(crate) fn _poll_begin(call: &str, fd: Option<i32>) -> Option<PollSpan> {
    let kind = match call {
        "select" => PollKind::Select,
        "poll" => PollKind::Poll,
        _ => PollKind::EpollWait,
    };
    capsock::net::PollSpan::begin(kind, fd).map(|span| PollSpan(Mutex::new(Some(span))))
}

#[pymethods]
impl PollSpan {
    /// Before the call: waits until it may be made, if it is stepped.
    #[pyo3(signature = (readable, writable, /))]
    fn hold(&self, readable: Vec<i32>, writable: Vec<i32>) {
        let waited = Descriptors { readable: &readable, writable: &writable };
        // The span is not locked while this thread waits.
        let span = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let held = span.map(|span| span.hold(waited));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }

    /// The call waits for these descriptors.
    #[pyo3(signature = (readable, writable, /))]
    fn still_waits(&self, readable: Vec<i32>, writable: Vec<i32>) {
        let waited = Descriptors { readable: &readable, writable: &writable };
        if let Some(span) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            span.still_waits(waited);
        }
    }

    /// The call has ended: what it waited for, what is ready, and its errno or 0.
    #[pyo3(signature = (waited, ready, errno, /))]
    fn end(&self, waited: (Vec<i32>, Vec<i32>), ready: (Vec<i32>, Vec<i32>), errno: i32) {
        let span = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let waited = Descriptors { readable: &waited.0, writable: &waited.1 };
        let ready = Descriptors { readable: &ready.0, writable: &ready.1 };
        if let Some(span) = span {
            span.end(waited, ready, if errno == 0 { Ok(()) } else { Err(Errno(errno)) });
        }
    }
}
