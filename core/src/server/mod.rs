//! Servers: how connections and datagrams are served.
//!
//! From the ground up: `options` is what a server is asked to be, `stats` what it has done, `limits`
//! what it says when it meets one, `log` where that goes, `features` what it uses of the system, `connections` whom it has let in, `peers` how many of each address, `shared` what its threads and
//! processes have in common, `listen` binds, and `tcp` and `udp`
//! hold the engines, one file for each concurrency.

mod connections;
mod feature_table;
mod features;
mod limits;
mod listen;
mod log;
mod options;
mod peers;
mod settings;
mod shared;
mod stats;
mod tcp;
mod totals;
mod udp;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use features::Features;
pub use options::{Log, ServerOptions};
pub use settings::ServerSettings;
#[cfg(fuzzing)]
pub(crate) use tcp::judge_exchange;
pub use totals::{Stats, StopReport};

pub use self::shared::DEFAULT_STOP_TIMEOUT;
use self::shared::Shared;
use crate::choices::{Concurrency, Transport};
use crate::error::Result;
use crate::net::{Deadline, Endpoint, InterruptHook, WaitError, WaitOptions};

/// How long past its deadline a stop waits for handlers that have not returned.
const HANDLER_GRACE: Duration = Duration::from_millis(80);

/// How long it waits where no handler runs: the server's own threads have nothing left but to cut, which
/// takes longer than a moment only where the machine gives them no time at all.
const CUT_GRACE: Duration = Duration::from_secs(1);

/// A running server. Dropping it stops it, with a deadline of 5 s.
///
/// All methods take `&self` and may be called from any thread.
pub struct Server {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
    transport: Transport,
    concurrency: Concurrency,
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

    /// The first address that the server listens on, with the port that it has.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Every address that the server listens on: one for each address of its host name, one at least.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// TCP or UDP.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// How it serves.
    #[must_use]
    pub fn concurrency(&self) -> Concurrency {
        self.concurrency
    }

    /// The totals so far. Cheap: it reads counters and takes no lock.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.counters().snapshot(self.shared.features())
    }

    /// Asks the server to stop within 5 s, and returns at once. Does what a signal handler may do
    /// (signal-safety(7)): sets a flag and writes to a descriptor.
    pub fn request_stop(&self) {
        self.shared.request_stop(DEFAULT_STOP_TIMEOUT);
    }

    /// Stops: no new work, what is in hand is finished, then idle connections close; after
    /// `timeout` the rest is cut. Returns when all that has happened: 100 ms after the timeout at
    /// the latest, unless the machine is too busy to run the server's threads.
    ///
    /// May be called from any thread and twice: the earliest deadline holds, and the second call
    /// gets the same report. From a handler it asks for the stop and returns at once, since it
    /// would wait for itself.
    ///
    /// # Errors
    /// `Unsupported` in a process that was forked off after the start: the server is not there.
    pub fn stop(&self, timeout: Duration) -> Result<StopReport> {
        self.stop_interruptible(timeout, None)
    }

    /// [`stop`](Server::stop), which a signal may interrupt: the server goes on stopping.
    ///
    /// # Errors
    /// `Interrupted` if a signal arrives and `on_interrupt` says so; those of `stop`.
    pub fn stop_interruptible(
        &self,
        timeout: Duration,
        on_interrupt: Option<InterruptHook>,
    ) -> Result<StopReport> {
        self.shared.check_process()?;
        self.shared.request_stop(timeout);
        self.shared.stop_listening();
        if self.shared.on_own_thread() {
            return Ok(self.shared.report());
        }
        loop {
            let grace = if self.shared.report().running > 0 { HANDLER_GRACE } else { CUT_GRACE };
            let policy = Deadline(self.shared.stop_deadline().0.and_then(|by| by.checked_add(grace)));
            match self.wait_finished(policy.earlier(self.shared.look_again()), on_interrupt) {
                Err(WaitError::TimedOut) if !policy.passed() => {}
                Ok(()) => return Ok(self.shared.report()),
                Err(WaitError::TimedOut) => {
                    self.shared.end_connections();
                    return Ok(self.shared.report());
                }
                Err(error) => return Err(error.while_trying("wait for the server's end")),
            }
        }
    }

    /// Stops as dropping the server does: within [`DEFAULT_STOP_TIMEOUT`], and without a report. In a
    /// process that was forked off there is nothing to stop, and it returns at once.
    pub fn close(&self) {
        let _ = self.stop(DEFAULT_STOP_TIMEOUT);
    }

    /// Waits until the server has stopped, whoever stopped it: `true`; or until `timeout` is over:
    /// `false`. `None` waits without a limit.
    ///
    /// # Errors
    /// `Interrupted` if a signal arrives and `on_interrupt` says so; without one, the wait goes on.
    /// `InvalidArgument` from a handler, which would wait for itself. `Unsupported` in a process
    /// that was forked off after the start.
    pub fn wait(&self, timeout: Option<Duration>, on_interrupt: Option<InterruptHook>) -> Result<bool> {
        self.shared.check_process()?;
        if self.shared.on_own_thread() {
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
        self.shared.wait_finished(WaitOptions { deadline, waker: None, on_interrupt: on_interrupt.into() })
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
            .finish_non_exhaustive()
    }
}
