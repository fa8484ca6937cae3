//! The TCP connections that a server has open: how many there may be, and how one is cut, also by a
//! stop that finds the thread that serves it held up in a handler.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use slab::Slab;

use super::limits::Met;
use super::peers::OfPeer;
use super::shared::Shared;
use crate::net::Socket;

/// A connection, as the thread that serves it and a stop see it.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) socket: Socket,
    /// A handler has a request of it in hand.
    busy: AtomicBool,
    cut: AtomicBool,
    /// Whoever serves it waits in the receive itself; a stop ends that.
    pub(super) blocks: bool,
    /// Whoever serves it is about to wait so, or does.
    waiting: AtomicBool,
}

impl Open {
    pub(super) fn new(socket: Socket, blocks: bool) -> Open {
        Open {
            socket,
            busy: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            blocks,
            waiting: AtomicBool::new(false),
        }
    }

    /// Says whether a handler has a request of this connection in hand.
    pub(super) fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::Release);
    }

    /// Calls `receive`, which waits and which a stop ends, unless a stop was asked for already.
    pub(super) fn wait_in<T>(&self, shared: &Shared, receive: impl FnOnce(&Socket) -> T) -> Option<T> {
        self.waiting.store(true, Ordering::Relaxed);
        // Either this sees the stop, or the stop sees that this waits.
        fence(Ordering::SeqCst);
        let received = if shared.stopping() { None } else { Some(receive(&self.socket)) };
        self.waiting.store(false, Ordering::Release);
        received
    }

    /// Ends the receive that waits, if one does. A connection that is served right now is left as it is: its
    /// receives would make no more room for what the peer still sends.
    fn end_waiting(&self) {
        if self.waiting.load(Ordering::Acquire) {
            let _ = self.socket.shutdown_read();
        }
    }

    /// Breaks off a connection that the stop's deadline finds with something in hand.
    pub(super) fn cut(&self, shared: &Shared) {
        if !self.cut.swap(true, Ordering::AcqRel) && !shared.in_a_fork() {
            shared.count_cut();
        }
        self.reset();
    }

    /// Whether it was cut: what a child process leaves its parent to count.
    pub(super) fn was_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Breaks it off: what the peer did not take is given up, not left to the kernel for minutes.
    pub(super) fn reset(&self) {
        let _ = self.socket.reset();
    }

    /// Ends what nobody looks at any more: the peer sees an end, or a reset if it waits for something.
    fn end_by_force(&self, shared: &Shared) {
        let waits = |bytes: Result<usize, _>| bytes.is_ok_and(|bytes| bytes > 0);
        let in_hand = self.busy.load(Ordering::Acquire)
            || waits(self.socket.available())
            || waits(self.socket.unacknowledged());
        if in_hand {
            self.cut(shared);
        } else {
            let _ = self.socket.shutdown_write();
        }
    }
}

/// All that are open, but for those that child processes have.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<Slab<Arc<Open>>>);

impl Connections {
    fn lock(&self) -> MutexGuard<'_, Slab<Arc<Open>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stop has been asked for: ends the receives that wait.
    pub(super) fn end_waiting(&self) {
        fence(Ordering::SeqCst);
        for (_, open) in self.lock().iter() {
            open.end_waiting();
        }
    }

    /// Ends those that are left past a stop's deadline.
    pub(super) fn end_by_force(&self, shared: &Shared) {
        for (_, open) in self.lock().iter() {
            open.end_by_force(shared);
        }
    }
}

/// A connection that counts as active until this is dropped.
pub(super) struct Active(Arc<Shared>);

impl Active {
    /// The connection, and how many are active with it.
    pub(super) fn new(shared: &Arc<Shared>) -> (Active, u64) {
        let now = shared.counters().connections_active.next();
        (Active(Arc::clone(shared)), now)
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.counters().connections_active.subtract(1);
    }
}

/// A connection that is let in: it is closed and counts no more when this is dropped.
pub(super) struct Admitted {
    pub(super) open: Arc<Open>,
    place: usize,
    active: Active,
    /// Counts it for its peer.
    _peer: OfPeer,
}

impl Admitted {
    /// Lets a connection in, whose receives wait if its socket `blocks`, unless there are as many as there may be: then it is closed at once.
    pub(super) fn admit(socket: Socket, blocks: bool, shared: &Arc<Shared>) -> Option<Admitted> {
        let (active, now) = Active::new(shared);
        if now > shared.limits.max_connections as u64 {
            shared.met(Met::Refused("max_connections is reached"));
            return None;
        }
        let peer = OfPeer::count(&socket, shared)?;
        let open = Arc::new(Open::new(socket, blocks));
        let place = shared.connections().lock().insert(Arc::clone(&open));
        Some(Admitted { open, place, active, _peer: peer })
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.active.0.connections().lock().remove(self.place);
    }
}
