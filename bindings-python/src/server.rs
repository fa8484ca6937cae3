//! The class `capsock.Server`.

use std::sync::Arc;
use std::time::Duration;

use capsock::{ErrorKind, ServerOptions};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::address::Address;
use crate::arguments::{OrDefault, Seconds};
use crate::blocking::{blocking, interrupted};
use crate::coroutines;
use crate::descriptors;
use crate::errors::{Error, Result};
use crate::exit;
use crate::handler::{self, Callable};
use crate::stats::{Stats, StopReport};

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
        mut options: ServerOptions,
        sockets: Option<Bound<'_, PyAny>>,
        handler: Option<Py<PyAny>>,
        text: bool,
        event_loop: Option<Py<PyAny>>,
    ) -> Result<Server> {
        if let Some(sockets) = sockets {
            descriptors::add_sockets(&mut options, &sockets)?;
        }
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
    /// The first address that the server listens on: (host, port), with the actual port. That of a Unix
    /// domain socket is as the module socket has it: the path as a str, an abstract name as bytes that
    /// begin with a NUL.
    #[getter]
    fn address(&self) -> Address {
        Address::new(self.server.local_addr(), self.server.unix_addr())
    }

    /// Every address that the server listens on, each as the attribute address is: one for each address
    /// of its host.
    #[getter]
    fn addresses(&self) -> Vec<Address> {
        match self.server.unix_addr() {
            Some(_) => vec![self.address()],
            None => self.server.local_addrs().iter().copied().map(Address::from).collect(),
        }
    }

    /// The port that the server listens on; 0 on a Unix domain socket.
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

    /// Copies of the server's sockets, as socket.socket objects in the order of addresses: for a
    /// successor, which serves them by Server(..., sockets=...), in this process or in one that inherits
    /// them. The caller closes them.
    ///
    /// From the first call on the sockets are shared: this server goes on serving them, and its stop
    /// leaves them as they are, so that what waits in them is for whoever has the copies. OSError with
    /// EBADF: the server is stopped.
    fn sockets<'py>(&self, py: Python<'py>) -> Result<Vec<Bound<'py, PyAny>>> {
        let mut sockets = Vec::new();
        for fd in self.server.sockets()? {
            sockets.push(descriptors::to_python(py, fd)?);
        }
        Ok(sockets)
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

    /// Takes no new work: accepts no connection, and over UDP receives no datagram. Open connections are
    /// served on. What arrives waits in the system, until resume() or until another server that has the
    /// same sockets takes it. It may be called from any thread and more than once.
    fn pause(&self, py: Python<'_>) -> Result<()> {
        blocking(py, || self.server.pause())
    }

    /// Takes new work again after pause(). After a stop it has no effect.
    fn resume(&self) -> Result<()> {
        Ok(self.server.resume()?)
    }

    /// Whether the server takes no new work: it is paused, or a stop was requested.
    #[getter]
    fn paused(&self) -> bool {
        self.server.is_paused()
    }

    /// Pauses the server, waits until the peers have ended their connections, stops it, and returns the
    /// report of stop(). Connections that are open after timeout seconds (default 300, None for no limit)
    /// are stopped as by stop(): what has arrived is answered, and they are closed. Over UDP the stop
    /// follows at once, or as soon as no coroutine of a handler is pending. Ctrl-C ends the call; the
    /// server stays paused.
    ///
    /// For a restart, another server first serves the same sockets; then this one is drained, and no
    /// request is lost.
    #[pyo3(signature = (timeout = OrDefault::Default), text_signature = "($self, timeout=300)")]
    fn drain(&self, py: Python<'_>, timeout: OrDefault<Seconds>) -> Result<StopReport> {
        let timeout = timeout.limit_or("the drain timeout", Some(capsock::DEFAULT_DRAIN_TIMEOUT))?;
        let drain = || self.server.drain_interruptible(timeout.unwrap_or(Duration::MAX), Some(interrupted));
        Ok(blocking(py, drain)?.into())
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
        format!("<capsock.Server {transport} {concurrency} {}>", self.server.endpoint())
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
