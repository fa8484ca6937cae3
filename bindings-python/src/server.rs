//! The class `capsock.Server`.

use std::sync::Arc;
use std::time::Duration;

use capsock::{Endpoint, ErrorKind, ServerOptions};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::arguments::{OrDefault, Seconds};
use crate::blocking::{blocking, interrupted};
use crate::errors::{Error, Result};
use crate::handler::{self, Callable};
use crate::stats::{Stats, StopReport};
use crate::{coroutines, exit, tcp_client::pair};

#[doc = include_str!("doc/Server.txt")]
#[pyclass(module = "capsock", frozen, weakref)]
pub(crate) struct Server {
    server: Arc<capsock::Server>,
    callable: Callable,
    /// What runs a coroutine handler, if it is one.
    runner: Callable,
}

impl Server {
    /// Starts the server with the constructor's options.
    pub(crate) fn start(
        py: Python<'_>,
        options: ServerOptions,
        handler: Option<Py<PyAny>>,
        text: bool,
        event_loop: Option<Py<PyAny>>,
    ) -> Result<Server> {
        let mut options = options.log(handler::log(py)?);
        let (callable, runner) = (Callable::default(), Callable::default());
        match handler {
            Some(handler) if handler.bind(py).is_callable() => {
                let shared = (&callable, &runner);
                options = match coroutines::service(py, &handler, event_loop, shared, text)? {
                    Some(service) => options.async_handler(service),
                    None => handler::set(py, options, &callable, handler, text)?,
                };
            }
            Some(_) => return Err(PyTypeError::new_err("the handler must be callable").into()),
            None if text => {
                return Err(PyValueError::new_err("text=True says how a handler is called; give one").into());
            }
            None if event_loop.is_some() => {
                return Err(
                    PyValueError::new_err("loop is for a handler that is a coroutine function").into()
                );
            }
            None => {}
        }
        let started = blocking(py, || options.start_interruptible(Some(interrupted)));
        let server = Arc::new(started.inspect_err(|_| coroutines::close(py, &runner))?);
        exit::remember(&server);
        Ok(Server { server, callable, runner })
    }
}

#[pymethods]
impl Server {
    /// The first address that the server listens on: (host, port), with the actual port.
    #[getter]
    fn address(&self) -> (String, u16) {
        pair(self.server.local_addr())
    }

    /// Every address that the server listens on, as (host, port): one for each address of its host.
    #[getter]
    fn addresses(&self) -> Vec<(String, u16)> {
        self.server.local_addrs().iter().copied().map(pair).collect()
    }

    /// The port that the server listens on.
    #[getter]
    fn port(&self) -> u16 {
        self.server.local_addr().port()
    }

    /// The transport protocol: "tcp" or "udp".
    #[getter]
    fn transport(&self) -> &'static str {
        self.server.transport().name()
    }

    /// The concurrency model: "iterative", "threads", "processes" or "events".
    #[getter]
    fn concurrency(&self) -> &'static str {
        self.server.concurrency().name()
    }

    /// The totals so far.
    fn stats(&self) -> Stats {
        self.server.stats().into()
    }

    /// The totals so far in the text format of OpenMetrics 1.0, for a monitoring system. Its media type
    /// is application/openmetrics-text; version=1.0.0; charset=utf-8.
    ///
    /// A total requests is the counter capsock_requests_total; one that counts bytes ends with its unit,
    /// as capsock_received_bytes_total. With handler_latency=True and a handler, there is the histogram
    /// capsock_handler_duration_seconds. The text is complete, with # EOF at its end: those of two
    /// servers are served separately.
    fn open_metrics(&self) -> String {
        self.server.open_metrics()
    }

    /// Starts a stop with a timeout of 5 seconds and returns at once. wait() returns when it is done.
    fn request_stop(&self) {
        self.server.request_stop();
    }

    /// Stops the server and returns a report. It accepts no new work, finishes requests in progress,
    /// and closes idle connections; connections left after timeout seconds (default 5, None for no
    /// limit) are cut. Ctrl-C ends the call, not the stop.
    ///
    /// It may be called from any thread and more than once: the earliest deadline holds, and each call
    /// returns the same report. From a handler, or a coroutine on the loop of the handler, it starts
    /// the stop and returns at once.
    #[pyo3(signature = (timeout = OrDefault::Default), text_signature = "($self, timeout=5)")]
    fn stop(&self, py: Python<'_>, timeout: OrDefault<Seconds>) -> Result<StopReport> {
        let timeout = timeout.limit_or("the stop timeout", Some(capsock::DEFAULT_STOP_TIMEOUT))?;
        if coroutines::on_loop(py, &self.runner) {
            return Ok(self.server.begin_stop(timeout.unwrap_or(Duration::MAX))?.into());
        }
        let stop = || self.server.stop_interruptible(timeout.unwrap_or(Duration::MAX), Some(interrupted));
        Ok(blocking(py, stop)?.into())
    }

    /// Waits until the server has stopped and returns True, or False after timeout seconds. None,
    /// the default, sets no limit.
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> Result<bool> {
        let timeout = Seconds(timeout).limit("the timeout")?;
        if coroutines::on_loop(py, &self.runner) {
            return Err(PyValueError::new_err("the loop of the handler would wait for itself").into());
        }
        blocking(py, || self.server.wait(timeout, Some(interrupted)))
    }

    /// Waits until the server has stopped. Ctrl-C stops it as stop() does, then raises
    /// KeyboardInterrupt.
    fn serve_forever(&self, py: Python<'_>) -> Result<()> {
        match self.wait(py, None) {
            Ok(_) => Ok(()),
            Err(Error::Python(raised)) => self.stop(py, OrDefault::Default).and(Err(raised.into())),
            Err(refused) => Err(refused),
        }
    }

    fn __enter__(this: Py<Server>) -> Py<Server> {
        this
    }

    #[pyo3(signature = (_exc_type, _exc_value, _traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        _exc_type: &Bound<'_, PyAny>,
        _exc_value: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> Result<()> {
        match self.stop(py, OrDefault::Default) {
            // A forked child also leaves the block, but the server runs in the parent.
            Err(Error::Core(error)) if error.kind() == ErrorKind::Unsupported => Ok(()),
            other => other.map(drop),
        }
    }

    /// The server, for the block of `async with`.
    fn __aenter__<'py>(this: Bound<'py, Server>) -> PyResult<Bound<'py, PyAny>> {
        this.py().import("capsock._loop")?.getattr("enter")?.call1((this,))
    }

    /// Stops the server, as stop() does, while the running loop goes on.
    #[pyo3(signature = (_exc_type, _exc_value, _traceback, /))]
    fn __aexit__<'py>(
        this: Bound<'py, Server>,
        _exc_type: &Bound<'py, PyAny>,
        _exc_value: &Bound<'py, PyAny>,
        _traceback: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        this.py().import("capsock._loop")?.getattr("leave")?.call1((this,))
    }

    fn __repr__(&self) -> String {
        let (transport, concurrency) = (self.transport(), self.concurrency());
        format!("<capsock.Server {transport} {concurrency} {}>", Endpoint::from(self.server.local_addr()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        self.callable.traverse(|callable| visit.call(callable))?;
        self.runner.traverse(|runner| visit.call(runner))
    }

    fn __clear__(&self) {
        self.callable.clear();
        self.runner.clear();
    }
}

impl Drop for Server {
    /// Stops with the GIL released: a running handler needs it to return.
    fn drop(&mut self) {
        let close = |py: Python<'_>| {
            if coroutines::on_loop(py, &self.runner) {
                // The requests in progress need this thread.
                let server = Arc::clone(&self.server);
                let closing = std::thread::Builder::new().spawn(move || server.close());
                if closing.is_ok() {
                    return;
                }
            }
            py.detach(|| self.server.close());
            // A thread of the server may drop the last reference. It is not attached, and PyO3 would keep the handler until
            // a function of this module is called. Dropped by its own handler, a server has not ended here: it answers
            // what it has accepted, by the handler.
            if matches!(self.server.wait(Some(Duration::ZERO), None), Ok(true)) {
                self.callable.clear();
                self.runner.clear();
            }
        };
        if Python::try_attach(close).is_none() {
            self.server.close();
        }
    }
}
