//! A connection that several threads may be woken for, and that one of them has at a time.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::server::state::OpenConnection;
use crate::server::tcp::events::connection::Connection;

pub(super) struct Slot {
    /// Keeps the socket open, so that its descriptor is no other's while a thread registers it.
    pub(super) open: Arc<OpenConnection>,
    content: Mutex<SlotContent>,
    /// A thread was woken for the connection while another one had it.
    pending_wakeup: AtomicBool,
}

/// What the thread that has the slot works with.
pub(super) struct SlotContent {
    /// `None` once it is closed.
    pub(super) connection: Option<Connection>,
    /// Whether the acceptor waits until its socket accepts replies.
    pub(super) awaits_output: bool,
    /// Whether the pool does not wait for its input, because its handler's reply is pending.
    pub(super) input_paused: bool,
}

impl Slot {
    pub(super) fn new(open: Arc<OpenConnection>, connection: Connection) -> Slot {
        let content = SlotContent { connection: Some(connection), awaits_output: false, input_paused: false };
        Slot { open, content: Mutex::new(content), pending_wakeup: AtomicBool::new(false) }
    }

    /// Takes the slot, unless another thread has it, which finds out by
    /// [`take_pending_wakeup`](Slot::take_pending_wakeup).
    pub(super) fn try_take(&self) -> Option<MutexGuard<'_, SlotContent>> {
        self.try_lock().or_else(|| {
            self.pending_wakeup.store(true, Ordering::Relaxed);
            // Either the slot is free by now, or the thread that releases it sees `pending_wakeup`.
            fence(Ordering::SeqCst);
            self.try_lock()
        })
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, SlotContent>> {
        match self.content.try_lock() {
            Ok(content) => Some(content),
            Err(TryLockError::Poisoned(poisoned)) => Some(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Whether a thread found the slot taken; clears the flag. It is called after the slot is released, and not by a
    /// thread that takes it: the flag may have been set for either thread.
    pub(super) fn take_pending_wakeup(&self) -> bool {
        fence(Ordering::SeqCst);
        self.pending_wakeup.load(Ordering::Relaxed) && self.pending_wakeup.swap(false, Ordering::Relaxed)
    }
}
