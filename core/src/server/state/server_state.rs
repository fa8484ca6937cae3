//! The state of a server as a whole: the context of its requests, its open connections, listeners and threads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::connections::OpenConnections;
use super::context::Context;
use super::listeners::Listeners;
use super::peers::Peers;
use super::threads::Threads;
use crate::net::{Errno, WaitError, WaitOptions, with_signals_blocked};

pub(in crate::server) struct State {
    pub(in crate::server) context: Context,
    pub(in crate::server) connections: OpenConnections,
    pub(in crate::server) peers: Peers,
    /// Those of a TCP server, until a stop.
    listeners: Mutex<Option<Arc<Listeners>>>,
    threads: Threads,
}

impl State {
    pub(in crate::server) fn new(context: Context) -> Result<State, Errno> {
        Ok(State {
            context,
            connections: OpenConnections::default(),
            peers: Peers::default(),
            listeners: Mutex::default(),
            threads: Threads::new()?,
        })
    }

    /// Starts a thread of the server, with the host's signals blocked.
    pub(in crate::server) fn spawn(
        self: &Arc<Self>,
        name: &str,
        body: impl FnOnce(&Arc<State>) + Send + 'static,
    ) -> Result<(), Errno> {
        let running = self.keep_running();
        with_signals_blocked(|| {
            thread::Builder::new().name(name.to_owned()).spawn(move || {
                running.0.threads.enter();
                body(&running.0);
            })
        })?;
        Ok(())
    }

    /// The server does not count as finished until this is dropped.
    pub(in crate::server) fn keep_running(self: &Arc<Self>) -> Running {
        self.threads.add();
        Running(Arc::clone(self))
    }

    /// Whether the calling thread is one of the server's, as a handler's is.
    pub(in crate::server) fn on_own_thread(&self) -> bool {
        self.threads.contains_current()
    }

    /// Whether the calling thread is the last one of the server.
    pub(super) fn runs_one_thread(&self) -> bool {
        self.threads.is_one()
    }

    /// Waits until every thread of the server has ended.
    pub(in crate::server) fn wait_finished(&self, options: WaitOptions<'_>) -> Result<(), WaitError> {
        self.threads.wait_finished(options)
    }

    fn lock_listeners(&self) -> MutexGuard<'_, Option<Arc<Listeners>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the sockets of a TCP server, which a stop shuts down.
    pub(in crate::server) fn set_listeners(&self, listeners: &Arc<Listeners>) {
        *self.lock_listeners() = Some(Arc::clone(listeners));
    }

    /// The sockets to accept from. `None` after a stop.
    pub(in crate::server) fn listeners(&self) -> Option<Arc<Listeners>> {
        self.lock_listeners().clone()
    }

    /// Refuses connections from now on, and interrupts the accepts that block. Where only a close refuses them, not
    /// [`SHUTDOWN_REFUSES`](crate::net::SHUTDOWN_REFUSES), that is once the threads that accept have released the
    /// listeners.
    pub(in crate::server) fn stop_listening(&self) {
        let listeners = self.lock_listeners().take();
        if let Some(listeners) = listeners {
            listeners.shut_down();
        }
    }

    /// Requests a stop within `timeout`, and refuses connections from now on, even if every thread that accepts is
    /// blocked in a handler.
    pub(in crate::server) fn stop(&self, timeout: Duration) {
        self.context.stop.request(timeout);
        self.stop_listening();
    }

    /// Ends the connections whose threads are blocked in a handler at the stop's deadline.
    pub(in crate::server) fn end_connections(&self) {
        self.connections.end_all(&self.context.stop);
    }
}

/// A thread of the server, or its start.
pub(in crate::server) struct Running(Arc<State>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.threads.remove();
        if let Some(calls) = self.0.context.calls() {
            // The dispatcher ends after the others.
            calls.wake_dispatcher();
        }
    }
}
