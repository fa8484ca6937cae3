//! A Python callable as the core's service, and the logger `capsock` as its log.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use capsock::{ContextService, HandlerError, Level, ServerOptions, Service};
use pyo3::exceptions::{PyReferenceError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::arguments::Bytes;
use crate::callback::attach;
use crate::request_context::RequestContext;

thread_local! {
    /// The exception of the last handler call that failed on this thread, for the traceback in the log: the core's log
    /// line is only text.
    static FAILURE: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// A handler, or what runs it, which the server object and the core's service share, so that Python's garbage collector
/// finds a handler that refers to its own server, and can clear the reference.
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

    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let callable = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*callable {
            Some(callable) => Ok(callable.bind(py).clone()),
            None => Err(PyReferenceError::new_err("the server and its handler are gone")),
        }
    }
}

/// The request as the handler gets it.
pub(crate) fn argument<'py>(py: Python<'py>, request: &[u8], text: bool) -> PyResult<Bound<'py, PyAny>> {
    Ok(match text {
        true => PyString::from_bytes(py, request)?.into_any(),
        false => PyBytes::new(py, request).into_any(),
    })
}

/// Appends what the handler returned to the reply.
pub(crate) fn append(answer: &Bound<'_, PyAny>, text: bool, reply: &mut Vec<u8>) -> PyResult<()> {
    if text {
        let answer = answer.cast::<PyString>().map_err(|_| wrong_kind("str", answer))?;
        reply.extend_from_slice(answer.encode_utf8()?.as_bytes());
    } else {
        let Bytes(answer) = answer.extract().map_err(|error: PyErr| {
            if error.is_instance_of::<PyTypeError>(answer.py()) { wrong_kind("bytes", answer) } else { error }
        })?;
        reply.extend_from_slice(&answer);
    }
    Ok(())
}

/// The reason of a failed request, whose line in the log, which this thread writes, has the traceback.
pub(crate) fn failure(error: PyErr) -> HandlerError {
    let reason = HandlerError(error.to_string());
    FAILURE.set(Some(error));
    reason
}

/// Forgets the exception of a failure that was not logged.
pub(crate) fn forget_failure() {
    FAILURE.take();
}

/// A handler that is called with the request.
struct Handler {
    callable: Callable,
    text: bool,
}

impl Handler {
    fn answer(
        &self,
        py: Python<'_>,
        request: &[u8],
        context: Option<&capsock::RequestContext>,
        reply: &mut Vec<u8>,
    ) -> PyResult<()> {
        let callable = self.callable.get(py)?;
        let request = argument(py, request, self.text)?;
        let answer = match context {
            None => callable.call1((request,))?,
            Some(context) => callable.call1((request, RequestContext::new(context)))?,
        };
        append(&answer, self.text, reply)
    }

    fn try_answer(
        &self,
        request: &[u8],
        context: Option<&capsock::RequestContext>,
        reply: &mut Vec<u8>,
    ) -> Result<(), HandlerError> {
        FAILURE.take();
        let answered = attach(|py| self.answer(py, request, context, reply).map_err(failure));
        answered.unwrap_or_else(|| Err(HandlerError("the Python interpreter exits".to_owned())))
    }
}

fn wrong_kind(expected: &str, answer: &Bound<'_, PyAny>) -> PyErr {
    let hint = if answer.is_instance_of::<PyString>() {
        " (text=True makes it a handler of str)"
    } else if answer.hasattr("__await__").unwrap_or(false) {
        " (a handler that is to be awaited is an async def)"
    } else {
        ""
    };
    match answer.get_type().name() {
        Ok(name) => PyTypeError::new_err(format!("the handler must return {expected}, not {name}{hint}")),
        Err(error) => error,
    }
}

/// Acquires the GIL once for all requests of a batch.
fn attach_once(answer: &mut dyn FnMut()) {
    // If the interpreter exits, each request fails with that reason.
    if attach(|_| answer()).is_none() {
        answer();
    }
}

impl Service for Handler {
    fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError> {
        self.try_answer(request, None, reply)
    }

    fn batch(&self, answer: &mut dyn FnMut()) {
        attach_once(answer);
    }
}

/// A handler that is called with the request and its context.
struct ContextHandler(Handler);

impl ContextService for ContextHandler {
    fn reply(
        &self,
        request: &[u8],
        context: &capsock::RequestContext,
        reply: &mut Vec<u8>,
    ) -> Result<(), HandlerError> {
        self.0.try_answer(request, Some(context), reply)
    }

    fn batch(&self, answer: &mut dyn FnMut()) {
        attach_once(answer);
    }
}

/// Whether a handler is what the function of this name of `capsock._handler` looks for.
pub(crate) fn is(py: Python<'_>, question: &str, handler: &Py<PyAny>) -> PyResult<bool> {
    py.import("capsock._handler")?.getattr(question)?.call1((handler,))?.extract()
}

/// Sets the handler of a server, a callable: one that requires two arguments gets the context of each request.
pub(crate) fn set(
    py: Python<'_>,
    options: ServerOptions,
    callable: &Callable,
    handler: Py<PyAny>,
    text: bool,
) -> PyResult<ServerOptions> {
    let takes_context = is(py, "takes_context", &handler)?;
    callable.set(handler);
    let handler = Handler { callable: callable.clone(), text };
    Ok(match takes_context {
        true => options.handler_with_context(ContextHandler(handler)),
        false => options.handler(handler),
    })
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
