//! One call at a time: threads that share a client take turns, first come, first served.
//!
//! Waiting for a turn ends like any other wait: with the deadline, with a signal that the caller
//! wants to know of, and when the client is closed.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::net::{Deadline, Endpoint, Errno, Fault, InterruptHook, Waiting, Waker};

/// How often a thread that waits for its turn asks the hook: a signal does not end its sleep.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// What a call is, to those that it waits with: its limit, its hook, and how its errors begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) deadline: Deadline,
    pub(super) on_interrupt: Option<InterruptHook>,
    /// Continues "could not".
    pub(super) tried: &'a str,
    pub(super) server: &'a Endpoint,
}

/// A `T` that one thread has at a time, until it is closed.
#[derive(Debug)]
pub(super) struct Turns<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    waker: Waker,
}

#[derive(Debug)]
struct State<T> {
    /// `None` while a call has it, and once closed.
    value: Option<T>,
    closed: bool,
    /// The tickets of the calls that wait, the next one first.
    queue: VecDeque<u64>,
    next_ticket: u64,
}

impl<T> Turns<T> {
    /// The waker is the one that the holder of a turn waits with; [`close`](Turns::close) notifies it.
    pub(super) fn new(value: T, waker: Waker) -> Turns<T> {
        let state = State { value: Some(value), closed: false, queue: VecDeque::new(), next_ticket: 0 };
        Turns { state: Mutex::new(state), changed: Condvar::new(), waker }
    }

    /// A waker for [`new`](Turns::new), or the error of a client that cannot have one.
    pub(super) fn waker(server: &Endpoint) -> Result<Waker> {
        Waker::new().map_err(|Errno(errno)| Error::os(errno, "connect to").at(server))
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is this call's turn.
    pub(super) fn take(&self, call: Call<'_>) -> Result<Turn<'_, T>> {
        let place = self.queue_up();
        let mut state = self.lock();
        loop {
            if state.closed {
                return Err(closed(call));
            }
            if state.queue.front() == Some(&place.ticket)
                && let Some(value) = state.value.take()
            {
                let waiting = Waiting {
                    deadline: call.deadline,
                    waker: Some(&self.waker),
                    on_interrupt: call.on_interrupt.into(),
                };
                return Ok(Turn { turns: self, value: Some(value), waiting });
            }
            if call.deadline.passed() {
                let happened = "the time allowed ran out while another thread had its turn";
                return Err(Error::new(ErrorKind::TimedOut, call.tried, happened).at(call.server));
            }
            state = match patience(call) {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            if let Some(hook) = call.on_interrupt {
                // The hook is the host's: it may need a lock that a thread holds which waits for this one.
                drop(state);
                if hook() {
                    return Err(Fault::Interrupted.while_trying(call.tried).at(call.server));
                }
                state = self.lock();
            }
        }
    }

    fn queue_up(&self) -> Place<'_, T> {
        let mut state = self.lock();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.queue.push_back(ticket);
        Place { turns: self, ticket }
    }

    /// `Closed`, if it is.
    pub(super) fn check_open(&self, call: Call<'_>) -> Result<()> {
        if self.lock().closed { Err(closed(call)) } else { Ok(()) }
    }

    /// Ends the turn in progress and all waiting; the value is dropped as soon as nobody has it.
    pub(super) fn close(&self) {
        let value = {
            let mut state = self.lock();
            state.closed = true;
            state.value.take()
        };
        self.waker.notify();
        self.changed.notify_all();
        drop(value);
    }
}

fn closed(call: Call<'_>) -> Error {
    Error::new(ErrorKind::Closed, call.tried, "the client is closed").at(call.server)
}

/// How long to sleep before looking again; `None` until something changes.
fn patience(call: Call<'_>) -> Option<Duration> {
    let look = call.on_interrupt.map(|_| Deadline::after(Some(ASK_EVERY)));
    look.map_or(call.deadline, |look| call.deadline.earlier(look)).remaining()
}

/// A place in the queue, left when dropped.
struct Place<'a, T> {
    turns: &'a Turns<T>,
    ticket: u64,
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        self.turns.lock().queue.retain(|ticket| *ticket != self.ticket);
        self.turns.changed.notify_all();
    }
}

/// A turn: the value is this thread's until the turn is dropped.
pub(super) struct Turn<'a, T> {
    turns: &'a Turns<T>,
    value: Option<T>,
    /// How the call waits: with its own deadline and hook, woken when the client is closed.
    pub(super) waiting: Waiting<'a>,
}

impl<T> Deref for Turn<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("a turn has its value until it is dropped")
    }
}

impl<T> DerefMut for Turn<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("a turn has its value until it is dropped")
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        if !state.closed {
            state.value = self.value.take();
        }
        drop(state);
        self.turns.changed.notify_all();
    }
}
