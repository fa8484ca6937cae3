//! The reply that the task of a coroutine completes.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

use crate::callback::attach;
use crate::handler::{append, failure, forget_failure};

/// The reply to one request, for `capsock._loop`.
#[pyclass(module = "capsock._native", name = "_PendingReply", frozen)]
pub(crate) struct PendingReply {
    /// Taken when it is completed.
    reply: Mutex<Option<capsock::PendingReply>>,
    text: bool,
}

impl PendingReply {
    pub(crate) fn new(reply: capsock::PendingReply, text: bool) -> PendingReply {
        PendingReply { reply: Mutex::new(Some(reply)), text }
    }

    fn take(&self) -> Option<capsock::PendingReply> {
        self.reply.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Fails the request, if it is not completed.
    pub(crate) fn fail_as(&self, error: PyErr) {
        if let Some(reply) = self.take() {
            PendingReply::fail_with(&reply, error);
        }
    }

    fn fail_with(reply: &capsock::PendingReply, error: PyErr) {
        reply.fail(failure(error));
        forget_failure();
    }
}

#[pymethods]
impl PendingReply {
    fn is_wanted(&self) -> bool {
        let reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner);
        reply.as_ref().is_some_and(capsock::PendingReply::is_wanted)
    }

    /// What the coroutine returned is the reply.
    fn complete(&self, answer: &Bound<'_, PyAny>) {
        let Some(reply) = self.take() else { return };
        let mut bytes = Vec::new();
        match append(answer, self.text, &mut bytes) {
            Ok(()) => drop(reply.complete(bytes)),
            Err(error) => PendingReply::fail_with(&reply, error),
        }
    }

    /// The coroutine has raised an exception.
    fn fail(&self, error: &Bound<'_, PyAny>) {
        self.fail_as(PyErr::from_value(error.clone()));
    }

    /// Has `callback` called by a thread of the server if the reply is not wanted any more.
    fn on_cancel(&self, callback: Py<PyAny>) {
        let tell = move || {
            attach(|py| {
                if let Err(error) = callback.call0(py) {
                    error.write_unraisable(py, Some(callback.bind(py)));
                }
                drop(callback);
            });
        };
        // With the lock released: the callback may be called at once.
        if let Some(reply) = self.take() {
            reply.on_cancel(tell);
            *self.reply.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
        }
    }
}
