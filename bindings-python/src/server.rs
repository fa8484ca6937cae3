//! The class `capsock.Server`.

use std::sync::Arc;
use std::time::Duration;

use capsock::{Concurrency, Endpoint, ErrorKind, Framing, ServerOptions, Transport};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::arguments::{Count, Given, Named, Port, Seconds};
use crate::blocking::{blocking, interrupted};
use crate::errors::{Error, Result};
use crate::handler::{self, Callable, Handler};
use crate::stats::{Stats, StopReport};
use crate::{exit, tcp_client::pair};

/// A server of the uppercase service, or of a handler, over TCP or UDP.
///
/// It binds and starts at once: when the constructor returns, clients can connect. It runs on
/// threads of its own until it is stopped, its `with` block ends, or nothing refers to it any
/// more. All methods may be called from any thread; stop() also from a handler.
///
/// Arguments
///     transport: "tcp" or "udp".
///     host: a name or an address. Default "localhost": this machine alone, over IPv4 and IPv6.
///         "" is every address of the machine.
///     port: 0 to 65535. Default 12000; 0 picks a free one.
///     concurrency: "iterative" (one client at a time), "threads", "processes" (for the built-in
///         service alone) or "events" (event loops). Default "events".
///     framing: where a TCP request ends. "stream" (whatever has arrived, for the built-in service
///         alone), "line" (up to and with a newline) or "once" (what one receive returns; then the
///         connection is closed). Default "stream".
///     workers: event loops, or over UDP threads or processes. Default 0: one for each processor.
///         Over UDP there are so many for each address that the host has.
///         With a handler, how many requests it answers at once with "events", and over UDP with
///         "threads". More than processors are of use to one that waits for something (a file, a
///         database, a sleep); further requests wait in the kernel.
///     backlog: connections that the kernel holds until they are accepted. Default 1024.
///     max_connections: TCP connections served at once; a further one is closed and counted as
///         refused. Default 0: 1024 for threads, 256 for processes, 65536 for events.
///     max_request: the longest request, in bytes. Default 1048576.
///     max_amplification: the longest UDP reply, in bytes for each byte of its request; a longer one
///         is not sent, and counted. 0, the default: no limit. The source of a datagram may be forged,
///         and its reply then goes to a victim: this is by how much a forger can multiply what is sent
///         there. Upper case is three times as long at most; a handler on an open network should have
///         a limit. With one, an empty request gets an empty reply or none.
///     idle_timeout: seconds after which a connection on which nothing comes is closed; None for
///         never. Default 300.
///     write_timeout: seconds after which a connection whose peer makes no room for more of its
///         reply is closed; None for never. Default 30.
///     busy_poll: seconds for which an event loop, and over UDP whoever receives, looks again and
///         again before it sleeps; 1 at most. It takes the time to wake up off each reply, and a
///         processor for itself while requests come in such short order. Default 0: not at all.
///     handler: a callable that takes a request as bytes and returns the reply as bytes. It runs on
///         the server's threads, several at once, as far as the GIL lets them: the lines of one
///         connection one after another, in their order; datagrams at the same time, also those of
///         one peer, whose replies may overtake each other. The GIL is held for the handler alone,
///         once for all lines that wait on a connection, for a millisecond at most and the call that
///         passes it. A request whose handler raises gets no reply: it
///         is logged with its traceback by the logger "capsock" and counted.
///     text: True makes it a handler of str: the request is decoded from, the reply encoded to UTF-8.
///
/// Raises
///     ValueError: an argument, or a combination of them, that is not possible.
///     OverflowError: a port outside of 0 to 65535.
///     socket.gaierror: the host has no address.
///     OSError: the address is in use, not one of this machine, or not permitted (errno says which).
#[pyclass(module = "capsock", frozen, weakref)]
pub(crate) struct Server {
    server: Arc<capsock::Server>,
    callable: Callable,
}

#[pymethods]
impl Server {
    #[new]
    #[pyo3(signature = (
        transport, *, host = capsock::DEFAULT_HOST.to_owned(), port = Port(capsock::DEFAULT_PORT), concurrency = Given::Default,
        framing = Given::Default, workers = Given::Default, backlog = Given::Default,
        max_connections = Given::Default, max_request = Given::Default, max_amplification = Given::Default,
        idle_timeout = Given::Default, write_timeout = Given::Default, busy_poll = Given::Default, handler = None, text = false,
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments are Python's options")]
    fn new(
        py: Python<'_>,
        transport: Named<Transport>,
        host: String,
        port: Port,
        concurrency: Given<Named<Concurrency>>,
        framing: Given<Named<Framing>>,
        workers: Given<Count<usize>>,
        backlog: Given<Count<u32>>,
        max_connections: Given<Count<usize>>,
        max_request: Given<Count<usize>>,
        max_amplification: Given<Count<usize>>,
        idle_timeout: Given<Seconds>,
        write_timeout: Given<Seconds>,
        busy_poll: Given<f64>,
        handler: Option<Py<PyAny>>,
        text: bool,
    ) -> Result<Server> {
        let mut options = ServerOptions::new(transport.0, (host, port.0)).log(handler::log(py)?);
        options.concurrency = concurrency.unwrap_or(Named(options.concurrency)).0;
        options.framing = framing.unwrap_or(Named(options.framing)).0;
        options.workers = workers.unwrap_or(Count(options.workers)).0;
        options.backlog = backlog.unwrap_or(Count(options.backlog)).0;
        options.max_connections = max_connections.unwrap_or(Count(options.max_connections)).0;
        options.max_request = max_request.unwrap_or(Count(options.max_request)).0;
        options.max_amplification = max_amplification.unwrap_or(Count(options.max_amplification)).0;
        options.idle_timeout = idle_timeout.limit_or("the idle timeout", options.idle_timeout)?;
        options.write_timeout = write_timeout.limit_or("the write timeout", options.write_timeout)?;
        options.busy_poll = busy_poll.time_or("the time of busy polling", options.busy_poll)?;
        let callable = Callable::default();
        match handler {
            Some(handler) if handler.bind(py).is_callable() => {
                callable.set(handler);
                options = options.handler(Handler::new(callable.clone(), text));
            }
            Some(_) => return Err(PyTypeError::new_err("the handler must be callable").into()),
            None if text => {
                return Err(PyValueError::new_err("text=True says how a handler is called; give one").into());
            }
            None => {}
        }
        let server = Arc::new(blocking(py, || options.start_unless(Some(interrupted)))?);
        exit::remember(&server);
        Ok(Server { server, callable })
    }

    /// The first address that the server listens on: (host, port), with the port that it has.
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

    /// "tcp" or "udp".
    #[getter]
    fn transport(&self) -> &'static str {
        self.server.transport().name()
    }

    /// "iterative", "threads", "processes" or "events".
    #[getter]
    fn concurrency(&self) -> &'static str {
        self.server.concurrency().name()
    }

    /// The totals so far.
    fn stats(&self) -> Stats {
        self.server.stats().into()
    }

    /// Asks the server to stop within 5 seconds and returns at once. wait() tells when it has.
    fn request_stop(&self) {
        self.server.request_stop();
    }

    /// Stops the server: no new work, what is in hand is finished, then idle connections close;
    /// after timeout seconds (default 5, None for no limit) the rest is cut. Ctrl-C ends the
    /// waiting; the server goes on stopping.
    ///
    /// May be called from any thread and twice: the earliest deadline holds, and the second call
    /// returns the same report. From a handler it asks for the stop and returns at once.
    #[pyo3(signature = (timeout = Given::Default))]
    fn stop(&self, py: Python<'_>, timeout: Given<Seconds>) -> Result<StopReport> {
        let timeout = timeout.limit_or("the stop timeout", Some(capsock::DEFAULT_STOP_TIMEOUT))?;
        let stop = || self.server.stop_unless(timeout.unwrap_or(Duration::MAX), Some(interrupted));
        Ok(blocking(py, stop)?.into())
    }

    /// Waits until the server has stopped, whoever stopped it, and returns True; or False if
    /// timeout seconds are over first. None, the default, waits without a limit.
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> Result<bool> {
        let timeout = Seconds(timeout).limit("the timeout")?;
        blocking(py, || self.server.wait(timeout, Some(interrupted)))
    }

    /// Waits until the server has stopped. Ctrl-C stops it as stop() does, and raises
    /// KeyboardInterrupt then.
    fn serve_forever(&self, py: Python<'_>) -> Result<()> {
        match self.wait(py, None) {
            Ok(_) => Ok(()),
            Err(Error::Python(raised)) => self.stop(py, Given::Default).and(Err(raised.into())),
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
        match self.stop(py, Given::Default) {
            // A forked child leaves the block too; the server is the parent's.
            Err(Error::Core(error)) if error.kind() == ErrorKind::Unsupported => Ok(()),
            other => other.map(drop),
        }
    }

    fn __repr__(&self) -> String {
        let (transport, concurrency) = (self.transport(), self.concurrency());
        format!("<capsock.Server {transport} {concurrency} {}>", Endpoint::from(self.server.local_addr()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        self.callable.show(|callable| visit.call(callable))
    }

    fn __clear__(&self) {
        self.callable.clear();
    }
}

impl Drop for Server {
    /// Stops with the GIL released: a handler in hand needs it to come to its end.
    fn drop(&mut self) {
        if Python::try_attach(|py| py.detach(|| self.server.close())).is_none() {
            self.server.close();
        }
    }
}
