//! A Python callable as the core's service, and the logger `capsock` as its log.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use capsock::{HandlerError, Level, Service};
use pyo3::exceptions::{PyReferenceError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::arguments::Bytes;
use crate::callback::attach;

thread_local! {
    /// The exception of the last handler call that failed on this thread, for the traceback in the log: the core's log
    /// line is only text.
    static FAILURE: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// The handler, which the server object and the core's service share, so that Python's garbage collector finds a handler
/// that refers to its own server, and can clear the reference.
#[derive(Clone, Default)]
pub(crate) struct Callable(Arc<Mutex<Option<Py<PyAny>>>>);

impl Callable {
    pub(crate) fn set(&self, callable: Py<PyAny>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(callable);
    }

    /// Visits the callable for the garbage collector. While a request copies the reference, it is not visited, and so
    /// counts as reachable.
    pub(crate) fn traverse<E>(
        &self,
        visit: impl FnOnce(&Option<Py<PyAny>>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.0.try_lock().map_or(Ok(()), |callable| visit(&callable))
    }

    pub(crate) fn clear(&self) {
        let callable = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Dropped with the lock released: dropping the last reference may run any Python code.
        drop(callable);
    }

    fn get<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let callable = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*callable {
            Some(callable) => Ok(callable.bind(py).clone()),
            None => Err(PyReferenceError::new_err("the server and its handler are gone")),
        }
    }
}

pub(crate) struct Handler {
    callable: Callable,
    text: bool,
}

impl Handler {
    pub(crate) fn new(callable: Callable, text: bool) -> Handler {
        Handler { callable, text }
    }

    fn answer(&self, py: Python<'_>, request: &[u8], reply: &mut Vec<u8>) -> PyResult<()> {
        let callable = self.callable.get(py)?;
        let request = if self.text {
            PyString::from_bytes(py, request)?.into_any()
        } else {
            PyBytes::new(py, request).into_any()
        };
        let answer = callable.call1((request,))?;
        if self.text {
            let answer = answer.cast::<PyString>().map_err(|_| wrong_kind("str", &answer))?;
            reply.extend_from_slice(answer.encode_utf8()?.as_bytes());
        } else {
            let Bytes(answer) = answer.extract().map_err(|error: PyErr| {
                if error.is_instance_of::<PyTypeError>(py) { wrong_kind("bytes", &answer) } else { error }
            })?;
            reply.extend_from_slice(&answer);
        }
        Ok(())
    }
}

fn wrong_kind(expected: &str, answer: &Bound<'_, PyAny>) -> PyErr {
    let hint =
        if answer.is_instance_of::<PyString>() { " (text=True makes it a handler of str)" } else { "" };
    match answer.get_type().name() {
        Ok(name) => PyTypeError::new_err(format!("the handler must return {expected}, not {name}{hint}")),
        Err(error) => error,
    }
}

impl Service for Handler {
    fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError> {
        FAILURE.take();
        let answered = attach(|py| {
            self.answer(py, request, reply).map_err(|error| {
                let reason = HandlerError(error.to_string());
                FAILURE.set(Some(error));
                reason
            })
        });
        answered.unwrap_or_else(|| Err(HandlerError("the Python interpreter exits".to_owned())))
    }

    /// Acquires the GIL once for all requests of the batch.
    fn batch(&self, answer: &mut dyn FnMut()) {
        // If the interpreter exits, each request fails with that reason.
        if attach(|_| answer()).is_none() {
            answer();
        }
    }
}

/// A log for a server's options that passes each line to the logger `capsock`.
pub(crate) fn log(py: Python<'_>) -> PyResult<impl Fn(Level, &str) + Send + Sync + 'static> {
    let emit = py.import("capsock._log")?.getattr("emit")?.unbind();
    Ok(move |level: Level, line: &str| {
        attach(|py| {
            let emit = emit.bind(py);
            let failure = FAILURE.take().map(|failure| failure.into_value(py));
            if let Err(error) = emit.call1((level == Level::Error, line, failure)) {
                error.write_unraisable(py, Some(emit));
            }
        });
    })
}
