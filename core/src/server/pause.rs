//! Pausing a server, and draining it: it takes no new work, and serves what it has.

use std::time::Duration;

use super::handle::Server;
use super::state::{DEFAULT_STOP_TIMEOUT, State, StopReport};
use crate::choices::Transport;
use crate::error::{Error, Result};
use crate::net::{Deadline, InterruptHook, WaitError, WaitOptions};

/// How long a drain serves the connections if it is not told otherwise: as long as an idle connection is kept.
pub const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(300);

/// The longest that a pause waits for the threads that take work. One that is in a handler over UDP may take longer.
const PAUSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The interval at which a drain looks whether the last connection has ended.
const DRAIN_INTERVAL: Duration = Duration::from_millis(20);

impl Server {
    /// Takes no new work: accepts no connection, and over UDP receives no datagram. Connections that are open are served
    /// on.
    ///
    /// The sockets stay bound. What arrives waits in the backlog and in the queue of datagrams, as far as they go, until
    /// [`resume`](Server::resume()), or until another server that has the [`sockets`](Server::sockets()) takes it. When this
    /// returns, nothing more is taken, unless a handler over UDP takes longer than a second: its thread takes nothing
    /// after it. It may be called from any thread and more than once.
    ///
    /// # Errors
    /// `Unsupported` in a process that was forked after the start: the server runs in its parent.
    pub fn pause(&self) -> Result<()> {
        self.state.context.stop.check_process()?;
        self.state.context.gate.set_closed(true);
        if !self.state.on_own_thread() {
            self.state.interrupt_taking(PAUSE_TIMEOUT);
        }
        Ok(())
    }

    /// Takes new work again, after a [`pause`](Server::pause()) or a start with
    /// [`paused`](super::ServerOptions::paused()). After a stop it has no effect.
    ///
    /// # Errors
    /// As for `pause`.
    pub fn resume(&self) -> Result<()> {
        self.state.context.stop.check_process()?;
        self.state.context.gate.set_closed(false);
        Ok(())
    }

    /// Whether the server takes no new work: it is paused, or a stop was requested.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.state.context.gate.is_closed() || self.state.context.stop.is_requested()
    }

    /// [Pauses](Server::pause()) the server, waits until the peers have ended their connections, and stops it.
    ///
    /// No request is lost while this waits: connections are served as before, and none is closed but by a limit. Those that
    /// are open after `timeout` are stopped as by [`stop`](Server::stop()) with a timeout of 5 s: what has arrived is
    /// answered, and they are closed. A request that a client sends at that moment may meet the end of its connection. Over
    /// UDP the stop follows at once, or as soon as no reply of an asynchronous handler is pending.
    ///
    /// For a restart: another server first gets the [`sockets`](Server::sockets()) of this one, and accepts; then this one
    /// is drained.
    ///
    /// # Errors
    /// `InvalidArgument` from a handler, which cannot wait for itself. `Unsupported` in a process that was forked after the
    /// start.
    pub fn drain(&self, timeout: Duration) -> Result<StopReport> {
        self.drain_interruptible(timeout, None)
    }

    /// [`drain`](Server::drain), which a signal may interrupt; the server then stays paused, or goes on stopping.
    ///
    /// # Errors
    /// `Interrupted` if a signal arrives and `on_interrupt` returns `true`; those of `drain`.
    pub fn drain_interruptible(
        &self,
        timeout: Duration,
        on_interrupt: Option<InterruptHook>,
    ) -> Result<StopReport> {
        let operation = "drain the server";
        self.state.context.stop.check_process()?;
        if self.state.on_own_thread() {
            return Err(Error::invalid(operation, "a handler would wait for itself"));
        }
        self.pause()?;
        let deadline = Deadline::after(Some(timeout));
        let waits = self.transport == Transport::Tcp || self.state.context.calls().is_some();
        while waits && !self.state.is_idle() && !deadline.passed() {
            let step = deadline.earlier(Deadline::after(Some(DRAIN_INTERVAL)));
            let options = WaitOptions { deadline: step, waker: None, on_interrupt: on_interrupt.into() };
            match self.state.wait_finished(options) {
                Err(WaitError::TimedOut) => {}
                // Somebody else has stopped it.
                Ok(()) => break,
                Err(error) => return Err(error.while_trying(operation)),
            }
        }
        self.stop_interruptible(DEFAULT_STOP_TIMEOUT, on_interrupt)
    }
}

impl State {
    /// Makes the threads that block see that the gate is closed, until nobody takes work or the time is over.
    fn interrupt_taking(&self, limit: Duration) {
        let deadline = Deadline::after(Some(limit));
        self.blocking_threads.interrupt_until(|| !self.context.gate.is_passed() || deadline.passed());
    }

    /// Whether the server, which is paused, has no connection and no call of an asynchronous handler, and takes none.
    fn is_idle(&self) -> bool {
        // In this order: a connection that was being taken counts as active, and a call as pending, before it has passed
        // the gate.
        !self.context.gate.is_passed()
            && self.context.common_counters().connections_active.get() == 0
            && self.context.calls().is_none_or(|calls| calls.is_idle())
    }
}
