//! The state of a server as a whole: the context of its requests, its open connections, listeners and threads.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::blocking_threads::BlockingThreads;
use super::connections::OpenConnections;
use super::context::Context;
use super::listeners::Listeners;
use super::peers::Peers;
use super::sharing::Sharing;
use super::threads::Threads;
use crate::net::fd::{AsFd, OwnedFd};
use crate::net::{
    Deadline, Errno, Socket, SocketFile, WaitError, WaitOptions, interest, no_interest, wait_for,
    with_signals_blocked,
};
use crate::netc;

pub(in crate::server) struct State {
    pub(in crate::server) context: Context,
    pub(in crate::server) connections: OpenConnections,
    pub(in crate::server) peers: Peers,
    /// Those of a TCP server, until a stop.
    listeners: Mutex<Option<Arc<Listeners>>>,
    /// Those of a UDP server, until a stop.
    datagram_sockets: Mutex<Option<Arc<Vec<BoundSocket>>>>,
    pub(in crate::server) sharing: Sharing,
    pub(in crate::server) blocking_threads: BlockingThreads,
    /// That of a Unix domain socket, until a stop.
    socket_file: OnceLock<SocketFile>,
    threads: Threads,
}

/// A socket and the address that it is bound to.
pub(in crate::server) type BoundSocket = (Socket, SocketAddr);

impl State {
    pub(in crate::server) fn new(context: Context) -> Result<State, Errno> {
        Ok(State {
            context,
            connections: OpenConnections::default(),
            peers: Peers::default(),
            listeners: Mutex::default(),
            datagram_sockets: Mutex::default(),
            sharing: Sharing::default(),
            blocking_threads: BlockingThreads::default(),
            socket_file: OnceLock::new(),
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

    /// Keeps the file of a Unix domain socket, which a stop removes.
    pub(in crate::server) fn set_socket_file(&self, file: SocketFile) {
        let _ = self.socket_file.set(file);
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
        // Before the listeners are shut down, so that a successor can bind its path from then on.
        if let Some(file) = self.socket_file.get() {
            // Datagram sockets that are being shared at this moment have kept their file once the lock is free.
            drop(self.lock_datagram_sockets());
            file.remove();
        }
        if let Some(listeners) = listeners {
            listeners.shut_down();
        }
    }

    fn lock_datagram_sockets(&self) -> MutexGuard<'_, Option<Arc<Vec<BoundSocket>>>> {
        self.datagram_sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the sockets of a UDP server, which a stop shuts down.
    pub(in crate::server) fn set_datagram_sockets(&self, sockets: &Arc<Vec<BoundSocket>>) {
        *self.lock_datagram_sockets() = Some(Arc::clone(sockets));
    }

    /// Once a stop is requested, interrupts the receives that block, in every process that has the sockets of a UDP
    /// server. If they are shared it interrupts the threads of this process alone.
    pub(in crate::server) fn stop_receiving(&self) {
        let sockets = self.lock_datagram_sockets().take();
        if self.sharing.has_begun() {
            return self.blocking_threads.interrupt_until_left();
        }
        for (socket, _) in sockets.iter().flat_map(|sockets| sockets.iter()) {
            // The socket is not connected, so this fails with ENOTCONN; it ends the receives nevertheless.
            let _ = socket.shutdown_read();
        }
    }

    /// Copies of the sockets, which are shared from now on. `None` after a stop.
    pub(in crate::server) fn share_sockets(&self) -> Result<Option<Vec<OwnedFd>>, Errno> {
        let copy = |socket: &Socket| Ok(socket.as_fd().try_clone_to_owned()?);
        // A stop takes the sockets first, under the same lock, and then reads whether they are shared.
        if let Some(listeners) = &*self.lock_listeners() {
            self.begin_sharing();
            return listeners.iter().map(copy).collect::<Result<_, _>>().map(Some);
        }
        if let Some(sockets) =
            self.lock_datagram_sockets().as_ref().filter(|_| !self.context.stop.is_requested())
        {
            self.begin_sharing();
            for (socket, _) in sockets.iter() {
                // It fails where there is no such option. The others do not expect several datagrams in one.
                let _ = socket.clear_gro();
            }
            return sockets.iter().map(|(socket, _)| copy(socket)).collect::<Result<_, _>>().map(Some);
        }
        Ok(None)
    }

    fn begin_sharing(&self) {
        self.sharing.begin();
        if let Some(file) = self.socket_file.get() {
            file.keep();
        }
    }

    /// Whether a connection can be accepted or a datagram received now (poll(2)).
    pub(in crate::server) fn has_waiting_work(&self) -> bool {
        let mut fds = Vec::new();
        if let Some(listeners) = &*self.lock_listeners() {
            fds.extend(listeners.iter().map(|listener| interest(listener.fd(), netc::POLLIN)));
        }
        if let Some(sockets) = &*self.lock_datagram_sockets() {
            fds.extend(sockets.iter().map(|(socket, _)| interest(socket.fd(), netc::POLLIN)));
        }
        fds.push(no_interest());
        wait_for(&mut fds, WaitOptions::until(Deadline::at(Instant::now()))).is_ok()
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
