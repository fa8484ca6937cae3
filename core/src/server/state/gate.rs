//! Whether a server takes new work, and how the threads that take some learn that it takes none.
//!
//! Closed, it accepts no connection and receives no datagram; what it has, it serves. The sockets stay open: what arrives
//! waits in the kernel, for the gate to open or for another process that has the sockets.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::net::{Errno, Shareable, SharedMemory, Waker};

/// The part that forked child processes share with their parent.
#[derive(Default)]
struct Shared {
    closed: AtomicBool,
    /// How many threads and processes take work, or are about to.
    taking: AtomicUsize,
}

// SAFETY: `Shared` is made of atomics, for which zero is a value and which work across processes.
unsafe impl Shareable for Shared {}

pub(in crate::server) struct Gate {
    shared: SharedMemory<Shared>,
    /// Notified while it is closed.
    closed: Waker,
    /// Notified while it is open.
    open: Waker,
    changes: Mutex<()>,
}

impl Gate {
    /// An open one.
    pub(in crate::server) fn new() -> Result<Gate, Errno> {
        let (closed, open) = (Waker::new()?, Waker::new()?);
        open.notify();
        Ok(Gate { shared: SharedMemory::new()?, closed, open, changes: Mutex::default() })
    }

    #[inline(always)]
    pub(in crate::server) fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire)
    }

    /// Closes or opens it.
    pub(in crate::server) fn set_closed(&self, closed: bool) {
        let _changing = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if closed == self.is_closed() {
            return;
        }
        self.waker().drain();
        self.shared.closed.store(closed, Ordering::SeqCst);
        self.waker().notify();
    }

    /// What is notified as long as the gate is as it is.
    fn waker(&self) -> &Waker {
        if self.is_closed() { &self.closed } else { &self.open }
    }

    /// What is notified once the gate is no longer `closed`, or no longer open.
    pub(in crate::server) fn change_from(&self, closed: bool) -> &Waker {
        if closed { &self.open } else { &self.closed }
    }

    /// The calling thread takes work until the result is dropped. `None` if the gate is closed.
    pub(in crate::server) fn enter(&self) -> Option<Taking<'_>> {
        self.enter_until_left().then(|| Taking(self))
    }

    /// [`enter`](Gate::enter), until [`leave`](Gate::leave) is called; whether the gate was open.
    pub(in crate::server) fn enter_until_left(&self) -> bool {
        // Either this thread sees that the gate is closed, or who closes it sees this thread.
        self.add_entered();
        let open = !self.shared.closed.load(Ordering::SeqCst);
        if !open {
            self.leave();
        }
        open
    }

    /// Somebody who has entered has something that another thread is going to serve, for which that calls
    /// [`leave`](Gate::leave).
    pub(in crate::server) fn add_entered(&self) {
        self.shared.taking.fetch_add(1, Ordering::SeqCst);
    }

    pub(in crate::server) fn leave(&self) {
        self.shared.taking.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether any thread or process takes work, or is about to.
    pub(in crate::server) fn is_passed(&self) -> bool {
        self.shared.taking.load(Ordering::SeqCst) > 0
    }
}

/// Work may be taken, until this is dropped: for a connection, until it counts as open.
pub(in crate::server) struct Taking<'a>(&'a Gate);

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Deadline, WaitOptions, wait_readable};

    fn is_notified(waker: &Waker) -> bool {
        let now = WaitOptions::until(Deadline::after(Some(std::time::Duration::ZERO)));
        wait_readable(waker.fd(), now).is_ok()
    }

    #[test]
    fn nobody_enters_while_it_is_closed_and_a_change_is_notified_until_the_next() {
        let gate = Gate::new().unwrap();
        for closed in [false, true, true, false, false, true] {
            gate.set_closed(closed);
            assert_eq!(gate.is_closed(), closed);
            assert_eq!(gate.enter().is_none(), closed);
            assert!(!gate.is_passed(), "it has been left");
            assert!(!is_notified(gate.change_from(closed)), "nothing has changed");
            assert!(is_notified(gate.change_from(!closed)));
        }
    }

    #[test]
    fn who_has_entered_is_seen_until_it_leaves() {
        let gate = Gate::new().unwrap();
        let taking = gate.enter();
        gate.set_closed(true);
        assert!(gate.is_passed());
        assert!(gate.enter().is_none());
        assert!(gate.is_passed());
        drop(taking);
        assert!(!gate.is_passed());
    }
}
