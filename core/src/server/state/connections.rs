//! The open TCP connections, and how a stop reaches them while their threads block in a receive or in a handler.

use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use slab::Slab;

use super::stop::Stop;
use crate::net::{RESETS_AT_ONCE, Socket};

/// A connection, as shared by the thread that serves it and a stop.
#[derive(Debug)]
pub(in crate::server) struct OpenConnection {
    pub(in crate::server) socket: Socket,
    /// Whether a request of it is being answered.
    busy: AtomicBool,
    cut: AtomicBool,
    /// Whether its receives block, so that a stop has to interrupt them.
    pub(in crate::server) blocks: bool,
    /// Whether its thread blocks in a receive, or is about to.
    receiving: AtomicBool,
}

impl OpenConnection {
    pub(in crate::server) fn new(socket: Socket, blocks: bool) -> OpenConnection {
        OpenConnection {
            socket,
            busy: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            blocks,
            receiving: AtomicBool::new(false),
        }
    }

    /// Records whether a request of this connection is being answered.
    pub(in crate::server) fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::Release);
    }

    /// Calls `receive`, which blocks and which a stop interrupts. `None` if a stop was requested before.
    pub(in crate::server) fn receive_until_stop<T>(
        &self,
        stop: &Stop,
        receive: impl FnOnce(&Socket) -> T,
    ) -> Option<T> {
        self.receiving.store(true, Ordering::Relaxed);
        // Either this thread sees the stop, or the stop sees that this thread is about to block.
        fence(Ordering::SeqCst);
        let received = if stop.is_requested() { None } else { Some(receive(&self.socket)) };
        self.receiving.store(false, Ordering::Release);
        received
    }

    /// Interrupts a receive that blocks. A connection that is being served stays as it is: after a shutdown of its
    /// input it would acknowledge no more of what the peer still sends.
    fn interrupt_receive(&self) {
        if self.receiving.load(Ordering::Acquire) {
            let _ = self.socket.shutdown_read();
        }
    }

    /// Resets the connection at the stop's deadline, and counts it as cut.
    pub(in crate::server) fn cut(&self, stop: &Stop) {
        if !self.cut.swap(true, Ordering::AcqRel) && !stop.in_a_fork() {
            stop.count_cut();
        }
        self.reset();
    }

    /// Whether it was cut; a child process leaves it to its parent to count that.
    pub(in crate::server) fn was_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Resets the connection: unsent replies are discarded instead of left to the kernel for minutes.
    pub(in crate::server) fn reset(&self) {
        let _ = self.socket.reset();
        // Where the close of the socket sends the reset, a handler that runs delays it: the output ends first.
        if !RESETS_AT_ONCE && self.busy.load(Ordering::Acquire) {
            let _ = self.socket.shutdown(Shutdown::Both);
        }
    }

    /// Ends a connection whose thread did not end it by the stop's deadline: cuts it if a request is being answered,
    /// unread or a reply unacknowledged, and otherwise ends its output.
    fn end(&self, stop: &Stop) {
        let some = |bytes: Result<usize, _>| bytes.is_ok_and(|bytes| bytes > 0);
        let in_progress = self.busy.load(Ordering::Acquire)
            || some(self.socket.available())
            || some(self.socket.unacknowledged());
        if in_progress {
            self.cut(stop);
        } else {
            let _ = self.socket.shutdown_write();
        }
    }
}

/// The open connections of the process; those of child processes are not among them.
#[derive(Debug, Default)]
pub(in crate::server) struct OpenConnections(Mutex<Slab<Arc<OpenConnection>>>);

impl OpenConnections {
    fn lock(&self) -> MutexGuard<'_, Slab<Arc<OpenConnection>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection, and returns its key.
    pub(in crate::server) fn insert(&self, connection: Arc<OpenConnection>) -> usize {
        self.lock().insert(connection)
    }

    pub(in crate::server) fn remove(&self, key: usize) {
        self.lock().remove(key);
    }

    /// Interrupts the receives that block, once a stop is requested.
    pub(in crate::server) fn interrupt_receives(&self) {
        fence(Ordering::SeqCst);
        for (_, connection) in self.lock().iter() {
            connection.interrupt_receive();
        }
    }

    /// Ends the connections that are left after the stop's deadline.
    pub(in crate::server) fn end_all(&self, stop: &Stop) {
        for (_, connection) in self.lock().iter() {
            connection.end(stop);
        }
    }
}
