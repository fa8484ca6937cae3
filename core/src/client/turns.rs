//! One call at a time: threads that share a client take turns, first come, first served.
//!
//! WaitOptions for a turn ends like any other wait: with the deadline, with a signal that the caller
//! wants to know of, and when the client is closed.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::error::{Error, ErrorKind, Result};
use crate::net::{
    Deadline, Endpoint, Errno, InterruptHook, WaitError, WaitOptions, Waker, process_id, wait_readable,
};

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
    waker: Waker,
    /// The process whose client it is: one that was forked off has the same sockets, and would take the
    /// other's replies for its own.
    process: i32,
}

#[derive(Debug)]
struct State<T> {
    /// `None` while a call has it, and once closed.
    value: Option<T>,
    /// The thread that has it.
    holder: Option<ThreadId>,
    closed: bool,
    /// What wakes the calls that wait, the next one first. A descriptor each rather than a condition
    /// variable for all: only a wait for a descriptor tells of a signal.
    queue: VecDeque<Arc<Waker>>,
}

impl<T> State<T> {
    /// Takes the value if nobody is before `place`; without a place, if nobody waits.
    fn take(&mut self, place: Option<&Arc<Waker>>) -> Option<T> {
        let turn = match (self.queue.front(), place) {
            (None, _) => true,
            (Some(first), Some(place)) => Arc::ptr_eq(first, place),
            (Some(_), None) => false,
        };
        let value = if turn { self.value.take() } else { None };
        if value.is_some() {
            self.holder = Some(thread::current().id());
        }
        value
    }

    /// Wakes the next one if the value is there to take.
    fn wake_next(&self) {
        if let (Some(first), Some(_)) = (self.queue.front(), &self.value) {
            first.notify();
        }
    }
}

impl<T> Turns<T> {
    /// The waker is the one that the holder of a turn waits with; [`close`](Turns::close) notifies it.
    pub(super) fn new(value: T, waker: Waker) -> Turns<T> {
        let state = State { value: Some(value), holder: None, closed: false, queue: VecDeque::new() };
        Turns { state: Mutex::new(state), waker, process: process_id() }
    }

    /// A waker for [`new`](Turns::new), or the error of a client that cannot have one.
    pub(super) fn waker(server: &Endpoint) -> Result<Waker> {
        Waker::new().map_err(|Errno(errno)| Error::os(errno, "connect to").at(server))
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `Unsupported` in a process that was forked off.
    fn check_process(&self, call: Call<'_>) -> Result<()> {
        if process_id() == self.process {
            return Ok(());
        }
        let why = format!("the client is that of process {}, of which this one was forked off", self.process);
        let advice = "connect a client of this process's own";
        Err(Error::new(ErrorKind::Unsupported, call.tried, why).at(call.server).advise(advice))
    }

    /// Waits until it is this call's turn.
    pub(super) fn take(&self, call: Call<'_>) -> Result<Turn<'_, T>> {
        // Before the lock, which a thread that is not in this process may have held when it was forked off.
        self.check_process(call)?;
        let waiting = WaitOptions {
            deadline: call.deadline,
            waker: Some(&self.waker),
            on_interrupt: call.on_interrupt.into(),
        };
        let turn = |value| Turn { turns: self, value: Some(value), waiting };
        let place = {
            let mut state = self.lock();
            if state.closed {
                return Err(closed(call));
            }
            if let Some(value) = state.take(None) {
                return Ok(turn(value));
            }
            // A signal's handler in the middle of this thread's own call would wait for itself.
            if state.holder == Some(thread::current().id()) {
                let happened = "this thread is in a call of the client already";
                return Err(Error::invalid(call.tried, happened).at(call.server));
            }
            let failed = |Errno(errno)| Error::os(errno, call.tried).at(call.server);
            let waker = Arc::new(Waker::new().map_err(failed)?);
            state.queue.push_back(Arc::clone(&waker));
            Place { turns: self, waker }
        };
        match wait_readable(place.waker.fd(), waiting) {
            Ok(()) => {}
            Err(WaitError::Woken) => return Err(closed(call)),
            Err(WaitError::TimedOut) => {
                let happened = "the time allowed ran out while another thread had its turn";
                return Err(Error::new(ErrorKind::TimedOut, call.tried, happened).at(call.server));
            }
            Err(error) => return Err(error.while_trying(call.tried).at(call.server)),
        }
        // Between the wake-up and this lock only a close can have taken the value away.
        let value = self.lock().take(Some(&place.waker));
        value.map(turn).ok_or_else(|| closed(call))
    }

    /// `Closed`, if it is.
    pub(super) fn check_open(&self, call: Call<'_>) -> Result<()> {
        self.check_process(call)?;
        if self.lock().closed { Err(closed(call)) } else { Ok(()) }
    }

    /// Ends the turn in progress and all waiting; the value is dropped as soon as nobody has it. In a process that
    /// was forked off it does nothing: the waker is the other's as well.
    pub(super) fn close(&self) {
        if process_id() != self.process {
            return;
        }
        let value = {
            let mut state = self.lock();
            state.closed = true;
            state.value.take()
        };
        self.waker.notify();
        drop(value);
    }
}

fn closed(call: Call<'_>) -> Error {
    Error::new(ErrorKind::Closed, call.tried, "the client is closed").at(call.server)
}

/// A place in the queue, left when dropped.
struct Place<'a, T> {
    turns: &'a Turns<T>,
    waker: Arc<Waker>,
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        state.queue.retain(|waker| !Arc::ptr_eq(waker, &self.waker));
        // If this was the next one and gives up, the turn is another's.
        state.wake_next();
    }
}

/// A turn: the value is this thread's until the turn is dropped.
pub(super) struct Turn<'a, T> {
    turns: &'a Turns<T>,
    value: Option<T>,
    /// How the call waits: with its own deadline and hook, woken when the client is closed.
    pub(super) waiting: WaitOptions<'a>,
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
            state.holder = None;
            state.wake_next();
        }
    }
}
