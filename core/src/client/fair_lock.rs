//! A lock that threads acquire in the order in which they asked for it, for one call of a client at a time.
//!
//! Waiting for the lock ends as a wait for a socket does: at the deadline of the call, after a signal whose hook
//! ends the call, and when the client is closed.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::error::{Error, ErrorKind, Result};
use crate::net::{
    Deadline, Endpoint, Errno, InterruptHook, WaitError, WaitOptions, Waker, process_id, wait_readable,
};

/// The call that acquires the lock: its deadline, its signal hook, and what its errors name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) deadline: Deadline,
    pub(super) on_interrupt: Option<InterruptHook>,
    /// Continues "could not" in the text of an error.
    pub(super) operation: &'a str,
    pub(super) server: &'a Endpoint,
}

impl Call<'_> {
    fn error(&self, kind: ErrorKind, reason: impl Into<String>) -> Error {
        Error::new(kind, self.operation, reason).at(self.server)
    }

    fn closed(&self) -> Error {
        self.error(ErrorKind::Closed, "the client is closed")
    }
}

/// A `T` that one thread at a time may use, until it is closed.
#[derive(Debug)]
pub(super) struct FairLock<T> {
    state: Mutex<State<T>>,
    /// Wakes the calls in progress when the lock is closed.
    waker: Waker,
    /// The process that made the lock. A forked child shares the sockets, and would receive replies to requests
    /// of its parent.
    process: i32,
}

#[derive(Debug)]
struct State<T> {
    /// `None` while the lock is held, and after it is closed.
    value: Option<T>,
    /// The thread that holds the lock.
    holder: Option<ThreadId>,
    closed: bool,
    /// The waiting calls, in the order of their arrival. Each has a descriptor of its own instead of a shared
    /// condition variable: a wait for a descriptor is interrupted by a signal, a wait for a condition is not.
    queue: VecDeque<Arc<Waker>>,
}

impl<T> State<T> {
    /// Takes the value if the slot is the first of the queue, or without a slot, if the queue is empty.
    fn take(&mut self, slot: Option<&Arc<Waker>>) -> Option<T> {
        let is_next = match (self.queue.front(), slot) {
            (None, _) => true,
            (Some(first), Some(slot)) => Arc::ptr_eq(first, slot),
            (Some(_), None) => false,
        };
        let value = if is_next { self.value.take() } else { None };
        if value.is_some() {
            self.holder = Some(thread::current().id());
        }
        value
    }

    /// Wakes the first call of the queue if the lock is free.
    fn wake_first(&self) {
        if let (Some(first), Some(_)) = (self.queue.front(), &self.value) {
            first.notify();
        }
    }
}

impl<T> FairLock<T> {
    /// A lock that is free. An error is that of a process without a free descriptor.
    pub(super) fn new(value: T) -> Result<FairLock<T>, Errno> {
        let state = State { value: Some(value), holder: None, closed: false, queue: VecDeque::new() };
        Ok(FairLock { state: Mutex::new(state), waker: Waker::new()?, process: process_id() })
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `Unsupported` in a forked child.
    fn check_process(&self, call: Call<'_>) -> Result<()> {
        if process_id() == self.process {
            return Ok(());
        }
        let reason =
            format!("the client belongs to process {}, of which this one was forked off", self.process);
        Err(call.error(ErrorKind::Unsupported, reason).advise("connect a client in this process"))
    }

    /// Waits until the lock is free and no earlier call waits for it.
    pub(super) fn acquire(&self, call: Call<'_>) -> Result<FairLockGuard<'_, T>> {
        // Before the mutex: at the fork another thread may have held it, and a forked child has no such thread.
        self.check_process(call)?;
        let waiting = WaitOptions {
            deadline: call.deadline,
            waker: Some(&self.waker),
            on_interrupt: call.on_interrupt.into(),
        };
        let guard = |value| FairLockGuard { lock: self, value: Some(value), waiting };
        let slot = {
            let mut state = self.state();
            if state.closed {
                return Err(call.closed());
            }
            if let Some(value) = state.take(None) {
                return Ok(guard(value));
            }
            // A signal handler that runs during a call of this thread would wait for itself.
            if state.holder == Some(thread::current().id()) {
                return Err(call.error(
                    ErrorKind::InvalidArgument,
                    "this thread already has a call of the client in progress",
                ));
            }
            let os_error = |Errno(errno)| Error::os(errno, call.operation).at(call.server);
            let waker = Arc::new(Waker::new().map_err(os_error)?);
            state.queue.push_back(Arc::clone(&waker));
            QueueSlot { lock: self, waker }
        };
        match wait_readable(slot.waker.fd(), waiting) {
            Ok(()) => {}
            Err(WaitError::Woken) => return Err(call.closed()),
            Err(WaitError::TimedOut) => {
                let reason = "the time allowed ran out while another thread used the client";
                return Err(call.error(ErrorKind::TimedOut, reason));
            }
            Err(error) => return Err(error.while_trying(call.operation).at(call.server)),
        }
        // Between the wake-up and this line, only close() can have taken the value.
        let value = self.state().take(Some(&slot.waker));
        value.map(guard).ok_or_else(|| call.closed())
    }

    /// `Closed` after [`close`](FairLock::close).
    pub(super) fn check_open(&self, call: Call<'_>) -> Result<()> {
        self.check_process(call)?;
        if self.state().closed { Err(call.closed()) } else { Ok(()) }
    }

    /// Unblocks the call in progress and the waiting ones. The value is dropped here, or by the guard if the lock
    /// is held. In a forked child this has no effect, because parent and child share the waker.
    pub(super) fn close(&self) {
        if process_id() != self.process {
            return;
        }
        let value = {
            let mut state = self.state();
            state.closed = true;
            state.value.take()
        };
        self.waker.notify();
        drop(value);
    }
}

/// The position of a waiting call in the queue. Dropping it leaves the queue.
struct QueueSlot<'a, T> {
    lock: &'a FairLock<T>,
    waker: Arc<Waker>,
}

impl<T> Drop for QueueSlot<'_, T> {
    fn drop(&mut self) {
        let mut state = self.lock.state();
        state.queue.retain(|waker| !Arc::ptr_eq(waker, &self.waker));
        // If this was the first call and it failed, the next one has to be woken instead.
        state.wake_first();
    }
}

/// The lock, held until the guard is dropped.
pub(super) struct FairLockGuard<'a, T> {
    lock: &'a FairLock<T>,
    value: Option<T>,
    /// How the call waits: until its deadline, with its signal hook, and until the client is closed.
    pub(super) waiting: WaitOptions<'a>,
}

impl<T> Deref for FairLockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("a guard has its value until it is dropped")
    }
}

impl<T> DerefMut for FairLockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("a guard has its value until it is dropped")
    }
}

impl<T> Drop for FairLockGuard<'_, T> {
    fn drop(&mut self) {
        let mut state = self.lock.state();
        if !state.closed {
            state.value = self.value.take();
            state.holder = None;
            state.wake_first();
        }
    }
}
