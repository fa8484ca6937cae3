//! Unblocking a thread that waits in a call on a socket: it waits for a notifier of its own as well.

use std::cell::OnceCell;
use std::ptr;

use super::notifier::Notifier;
use super::process::thread_id;
use crate::net::sys::fd::RawFd;

thread_local! {
    static OWN: OnceCell<Option<Notifier>> = const { OnceCell::new() };
}

/// Calls `act` with the thread's notifier; `None` if it cannot have one.
fn with_own<T>(act: impl FnOnce(&Notifier) -> T) -> Option<T> {
    OWN.try_with(|own| own.get_or_init(|| Notifier::new().ok()).as_ref().map(act)).ok().flatten()
}

/// A thread that can be interrupted, as numbers that fit into atomics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thread {
    /// The address of its notifier; 0 for none.
    pub(crate) handle: usize,
    pub(crate) id: u32,
}

impl Thread {
    /// The calling thread.
    pub(crate) fn current() -> Thread {
        Thread { handle: with_own(|own| ptr::from_ref(own).addr()).unwrap_or(0), id: thread_id() }
    }

    pub(crate) fn is_current(self) -> bool {
        self.id == thread_id()
    }

    /// Notifies the thread. False if it has no notifier.
    ///
    /// # Safety
    /// The thread has not ended.
    pub(crate) unsafe fn interrupt(self) -> bool {
        let notifier = ptr::with_exposed_provenance::<Notifier>(self.handle);
        // SAFETY: the notifier lives as long as the thread, by this function's contract.
        let Some(notifier) = (unsafe { notifier.as_ref() }) else { return false };
        notifier.notify();
        true
    }

    /// Nothing blocks a notification.
    pub(crate) fn has_signal_blocked(self) -> bool {
        false
    }
}

/// What an interruption notifies, for this thread's waits.
pub(crate) fn own_notifier() -> Option<RawFd> {
    with_own(Notifier::fd)
}

/// Forgets the notifications that were sent to this thread.
pub(crate) fn deliver_pending_signal() {
    with_own(Notifier::drain);
}
