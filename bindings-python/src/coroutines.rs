//! A coroutine function as the core's asynchronous service. `capsock._loop` runs the coroutines.

use capsock::{AsyncService, HandlerError};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::callback::attach;
use crate::handler::{Callable, argument, is};
use crate::pending_reply::PendingReply;
use crate::request_context::RequestContext;

/// A handler whose coroutines `runner` runs.
pub(crate) struct CoroutineHandler {
    callable: Callable,
    runner: Callable,
    takes_context: bool,
    text: bool,
}

/// The asynchronous service of a handler, which runs on `event_loop` or, if that is none, on one of the server's own. `None`
/// if the handler is not a coroutine function.
pub(crate) fn service(
    py: Python<'_>,
    handler: &Py<PyAny>,
    event_loop: Option<Py<PyAny>>,
    (callable, runner): (&Callable, &Callable),
    text: bool,
) -> PyResult<Option<CoroutineHandler>> {
    if !is(py, "is_coroutine_function", handler)? {
        return match event_loop {
            None => Ok(None),
            Some(_) => Err(PyValueError::new_err("loop is for a handler that is a coroutine function")),
        };
    }
    let takes_context = is(py, "takes_context", handler)?;
    runner.set(py.import("capsock._loop")?.getattr("Runner")?.call1((event_loop,))?.unbind());
    callable.set(handler.clone_ref(py));
    Ok(Some(CoroutineHandler { callable: callable.clone(), runner: runner.clone(), takes_context, text }))
}

/// Closes the loop of the server's own.
pub(crate) fn close(py: Python<'_>, runner: &Callable) {
    if let Ok(runner) = runner.get(py)
        && let Err(error) = runner.call_method0("close")
    {
        error.write_unraisable(py, Some(&runner));
    }
}

/// Whether the calling thread runs the loop, which would wait for itself.
pub(crate) fn on_loop(py: Python<'_>, runner: &Callable) -> bool {
    let is_current = |runner: Bound<'_, PyAny>| runner.call_method0("is_current")?.extract::<bool>();
    runner.get(py).and_then(is_current).unwrap_or(false)
}

impl CoroutineHandler {
    fn submit(
        &self,
        py: Python<'_>,
        request: &[u8],
        context: &capsock::RequestContext,
        reply: &Bound<'_, PendingReply>,
    ) -> PyResult<()> {
        let request = argument(py, request, self.text)?;
        let arguments = match self.takes_context {
            true => PyTuple::new(py, [request, Bound::new(py, RequestContext::new(context))?.into_any()])?,
            false => PyTuple::new(py, [request])?,
        };
        let (handler, runner) = (self.callable.get(py)?, self.runner.get(py)?);
        runner.call_method1("submit", (handler, arguments, reply)).map(drop)
    }
}

impl AsyncService for CoroutineHandler {
    fn call(&self, request: &[u8], context: &capsock::RequestContext, reply: capsock::PendingReply) {
        let mut reply = Some(reply);
        attach(|py| {
            let Some(reply) = reply.take() else { return };
            let pending = match Bound::new(py, PendingReply::new(reply, self.text)) {
                Ok(pending) => pending,
                Err(error) => return error.write_unraisable(py, None),
            };
            if let Err(error) = self.submit(py, request, context, &pending) {
                pending.get().fail_as(error);
            }
        });
        if let Some(reply) = reply {
            reply.fail(HandlerError("the Python interpreter exits".to_owned()));
        }
    }

    fn stopped(&self) {
        attach(|py| close(py, &self.runner));
    }
}
