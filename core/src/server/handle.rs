//! The handle of a running server: its addresses, its totals, and its stop.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::config::ServerOptions;
use super::open_metrics::{Exposition, Format};
use super::state::{DEFAULT_STOP_TIMEOUT, State, Stats, StopReport};
use crate::choices::{Concurrency, Transport};
use crate::error::{Error, ErrorKind, Result};
use crate::net::fd::OwnedFd;
use crate::net::{Deadline, Endpoint, InterruptHook, WaitError, WaitOptions};
use crate::unix_address::UnixAddress;

/// How long past its deadline a stop waits for handlers that have not returned.
const HANDLER_GRACE: Duration = Duration::from_millis(80);

/// How long past its deadline a stop waits if no handler runs. All that is left to the threads is to cut their
/// connections, which takes this long only on a machine that is too busy to run them.
const CUT_GRACE: Duration = Duration::from_secs(1);

/// A running server. Dropping it stops it, with a timeout of 5 s.
///
/// All methods take `&self` and may be called from any thread.
pub struct Server {
    pub(super) state: Arc<State>,
    pub(super) addresses: Vec<SocketAddr>,
    /// That of a Unix domain socket.
    pub(super) unix: Option<UnixAddress>,
    pub(super) transport: Transport,
    pub(super) concurrency: Concurrency,
}

impl Server {
    /// The options of a TCP server on `on`; [`start`](ServerOptions::start) starts it.
    pub fn tcp(on: impl Into<Endpoint>) -> ServerOptions {
        ServerOptions::new(Transport::Tcp, on)
    }

    /// The options of a UDP server on `on`; [`start`](ServerOptions::start) starts it.
    pub fn udp(on: impl Into<Endpoint>) -> ServerOptions {
        ServerOptions::new(Transport::Udp, on)
    }

    /// The first address that the server is bound to, with the port that the system chose for port 0. On a Unix domain
    /// socket it is 0.0.0.0:0, and [`unix_addr`](Server::unix_addr) is the address.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Every address that the server is bound to: one for each address of its host name, at least one. On a Unix domain
    /// socket it is 0.0.0.0:0 alone.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Copies of the server's sockets, in the order of [`local_addrs`](Server::local_addrs()): for a successor, which
    /// serves them by [`ServerOptions::sockets`](ServerOptions::sockets()), in this process or in another one that
    /// inherits them. They have close-on-exec.
    ///
    /// From the first call on, the sockets are shared: this server goes on serving them, and its stop leaves them as they
    /// are, so that connections in the backlog and datagrams in the queue wait for whoever has the copies. It is lost
    /// only with the last copy. TCP listeners of a server with `Threads` or `Iterative` may have a limit for receives
    /// (SO_RCVTIMEO), which accepted connections inherit. The file of a Unix domain socket stays when the server stops, and
    /// when its successor does: the next server that is started on its path removes it.
    ///
    /// # Errors
    /// `Closed` once the server is stopped; `OutOfResources` for want of descriptors; `Unsupported` in a process that was
    /// forked after the start.
    pub fn sockets(&self) -> Result<Vec<OwnedFd>> {
        let operation = "share the server's sockets";
        self.state.context.stop.check_process()?;
        match self.state.share_sockets() {
            Ok(Some(sockets)) => Ok(sockets),
            Ok(None) => Err(Error::new(ErrorKind::Closed, operation, "the server has been stopped")),
            Err(errno) => Err(Error::os(errno.0, operation)),
        }
    }

    /// Whether a connection waits to be accepted, or a datagram to be received, that the server has room for. If that
    /// lasts, and no total grows, the server makes no progress: a watchdog can tell that from a server without clients.
    #[must_use]
    pub fn has_waiting_work(&self) -> bool {
        let stats = self.stats();
        let full = self.transport == Transport::Tcp
            && stats.connections_active >= self.state.context.settings.max_connections as u64;
        !full && self.state.has_waiting_work()
    }

    /// The address of the Unix domain socket that the server is bound to, as it was given; `None` if it is bound to IP
    /// addresses.
    #[must_use]
    pub fn unix_addr(&self) -> Option<&UnixAddress> {
        self.unix.as_ref()
    }

    /// What a client on this machine connects to: the first address, or the Unix domain socket.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.unix.clone().map_or_else(|| Endpoint::from(self.local_addr()), Endpoint::from)
    }

    /// TCP or UDP: over a Unix domain socket a stream, or datagrams.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// How many clients are served at once, and by what.
    #[must_use]
    pub fn concurrency(&self) -> Concurrency {
        self.concurrency
    }

    /// The totals so far. It reads counters and takes no lock.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.state.context.stats()
    }

    /// The totals so far in the text format of OpenMetrics 1.0, whose media type is
    /// `application/openmetrics-text; version=1.0.0; charset=utf-8`: a program serves it to a monitoring system.
    ///
    /// A total `requests` is the counter `capsock_requests_total`; a total that counts bytes ends with its unit, as
    /// `capsock_received_bytes_total`. Each sample has the labels `transport` and `concurrency`. With
    /// [`handler_latency`](ServerOptions::handler_latency()) and a handler, the histogram
    /// `capsock_handler_duration_seconds` has buckets from 10 µs to 10 s, three to a decade. `capsock_feature` are the
    /// features, `capsock_build_info` has the version. It reads counters and takes no lock.
    ///
    /// The text is complete, with `# EOF` at its end: those of two servers have to be served at two addresses or paths.
    #[must_use]
    pub fn open_metrics(&self) -> String {
        self.exposition().text(Format::OpenMetrics)
    }

    /// The same in the text format of Prometheus, version 0.0.4, for a reader that does not accept OpenMetrics. Its media
    /// type is `text/plain; version=0.0.4; charset=utf-8`.
    #[must_use]
    pub fn prometheus_text(&self) -> String {
        self.exposition().text(Format::Prometheus)
    }

    fn exposition(&self) -> Exposition {
        Exposition {
            transport: self.transport,
            concurrency: self.concurrency,
            stats: self.stats(),
            latency: self.state.context.latency(),
        }
    }

    /// Requests a stop within 5 s, and returns at once. It is async-signal-safe (signal-safety(7)).
    pub fn request_stop(&self) {
        self.state.context.stop.request(DEFAULT_STOP_TIMEOUT);
    }

    /// Stops the server, and waits until it has stopped.
    ///
    /// It accepts no new work, finishes the requests in progress, and closes idle connections. What is in progress
    /// after `timeout` is cut. The call returns at most 100 ms after the timeout, unless the machine is too busy to
    /// run the server's threads.
    ///
    /// It may be called from any thread and more than once: the earliest deadline holds, and every call returns the
    /// same report. Called from a handler it requests the stop and returns at once, since the handler cannot wait for
    /// itself.
    ///
    /// # Errors
    /// `Unsupported` in a process that was forked after the start: the server runs in its parent.
    pub fn stop(&self, timeout: Duration) -> Result<StopReport> {
        self.stop_interruptible(timeout, None)
    }

    /// Requests a stop within `timeout`, and returns at once, with the report so far: for a thread that completes replies of
    /// an asynchronous handler, and would wait for itself in [`stop`](Server::stop).
    ///
    /// # Errors
    /// Those of `stop`.
    pub fn begin_stop(&self, timeout: Duration) -> Result<StopReport> {
        let context = &self.state.context;
        context.stop.check_process()?;
        self.state.stop(timeout);
        Ok(context.report())
    }

    /// [`stop`](Server::stop), which a signal may interrupt; the server goes on stopping.
    ///
    /// # Errors
    /// `Interrupted` if a signal arrives and `on_interrupt` returns `true`; those of `stop`.
    pub fn stop_interruptible(
        &self,
        timeout: Duration,
        on_interrupt: Option<InterruptHook>,
    ) -> Result<StopReport> {
        let context = &self.state.context;
        let report = self.begin_stop(timeout)?;
        if self.state.on_own_thread() {
            return Ok(report);
        }
        loop {
            let grace = if context.report().running > 0 { HANDLER_GRACE } else { CUT_GRACE };
            let end = Deadline(context.stop.deadline().0.and_then(|by| by.checked_add(grace)));
            match self.wait_finished(end.earlier(context.stop.next_deadline_check()), on_interrupt) {
                Err(WaitError::TimedOut) if !end.passed() => {}
                Ok(()) => return Ok(context.report()),
                Err(WaitError::TimedOut) => {
                    self.state.end_connections();
                    return Ok(context.report());
                }
                Err(error) => return Err(error.while_trying("wait for the server's end")),
            }
        }
    }

    /// Stops the server as dropping it does: within [`DEFAULT_STOP_TIMEOUT`], without a report. In a forked process
    /// it returns at once.
    pub fn close(&self) {
        let _ = self.stop(DEFAULT_STOP_TIMEOUT);
    }

    /// Waits until the server has stopped, for any reason, and returns `true`. Returns `false` once `timeout`
    /// has passed; `None` waits without a limit.
    ///
    /// # Errors
    /// `Interrupted` if a signal arrives and `on_interrupt` returns `true`; without a hook the wait goes on.
    /// `InvalidArgument` from a handler, which cannot wait for itself. `Unsupported` in a process that was forked
    /// after the start.
    pub fn wait(&self, timeout: Option<Duration>, on_interrupt: Option<InterruptHook>) -> Result<bool> {
        self.state.context.stop.check_process()?;
        if self.state.on_own_thread() {
            return Err(crate::Error::invalid(
                "wait for the server's end",
                "a handler would wait for itself",
            ));
        }
        match self.wait_finished(Deadline::after(timeout), on_interrupt) {
            Ok(()) => Ok(true),
            Err(WaitError::TimedOut) => Ok(false),
            Err(error) => Err(error.while_trying("wait for the server's end")),
        }
    }

    fn wait_finished(
        &self,
        deadline: Deadline,
        on_interrupt: Option<InterruptHook>,
    ) -> Result<(), WaitError> {
        self.state.wait_finished(WaitOptions { deadline, waker: None, on_interrupt: on_interrupt.into() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("transport", &self.transport)
            .field("concurrency", &self.concurrency)
            .field("addresses", &self.addresses)
            .field("unix", &self.unix)
            .finish_non_exhaustive()
    }
}
